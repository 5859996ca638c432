"""This app's environment variables."""

from datetime import timedelta

from contract.environment import env

ACCESS_TOKEN_LIFETIME = timedelta(seconds=env.int("ACCESS_TOKEN_SECONDS", 30 * 60))
REFRESH_TOKEN_LIFETIME = timedelta(seconds=env.int("REFRESH_TOKEN_SECONDS", 7 * 24 * 3600))
# Two tabs, or an answer lost on the way, may present the same refresh token twice within this time.
REFRESH_RACE_WINDOW = timedelta(seconds=10)
MAX_FAILURES = 10
FAILURE_WINDOW = timedelta(minutes=15)
