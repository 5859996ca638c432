"""Limit a+: the bare program with the calls that the contract can't do without, under row-level security.

One round trip to Redis for the rate limit, one gate statement that sets the tenant and asks whether session, user and
membership still stand, and the idempotency record beside the new row.
"""

import hashlib
import os
from datetime import UTC, datetime, timedelta

import bare
import orjson
import redis
from bare import application as application

LIMIT, SECONDS = 1_000_000_000, 3600
COUNT = """
    local used = redis.call('INCR', KEYS[1])
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then left = tonumber(ARGV[1]) redis.call('PEXPIRE', KEYS[1], left) end
    return {used, left}
"""
GATE = """
    SELECT m.organization_id,
        set_config('app.tenant', m.organization_id::text, false), set_config('app.system', 'off', false)
    FROM authentication_tokenfamily f
    JOIN authentication_user u ON u.id = f.user_id AND u.is_active
    JOIN tenants_membership m ON m.user_id = u.id
    JOIN tenants_organization o ON o.id = m.organization_id AND o.is_active
    WHERE f.id = %s AND f.revoked_at IS NULL AND f.expires_at > now()
"""
CREATE = f"""
    WITH taken AS (
        INSERT INTO contract_idempotencyrecord
            (tenant, principal, key, fingerprint, status, headers, body, created_at, expires_at)
        VALUES (%s, %s, %s, %s, 201, '{{}}', %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING tenant::uuid AS organization_id
    )
    INSERT INTO customers_customer (organization_id, {bare.FIELDS})
    SELECT taken.organization_id, %s, %s, %s, %s, %s::jsonb, %s, %s FROM taken
"""
STORED = "SELECT body FROM contract_idempotencyrecord WHERE tenant = %s AND principal = %s AND key = %s"
count = redis.Redis.from_url(os.environ["REDIS_URL"]).register_script(COUNT)


def open_request(claims):
    used, _ = count(keys=[f"throttle:{claims['sub']}"], args=[SECONDS * 1000])
    row = bare.database().execute(GATE, (claims["sid"],)).fetchone()
    if used > LIMIT or row is None:
        raise PermissionError
    return row["organization_id"]


def create_customer(organization, claims, key, body):
    customer = bare.new_customer(orjson.loads(body))
    answer = orjson.dumps(customer, option=orjson.OPT_UTC_Z)
    identity = (str(organization), f"user:{claims['sub']}", key)
    now = datetime.now(UTC)
    record = (hashlib.blake2b(body, digest_size=32).digest(), answer, now, now + timedelta(hours=24))
    written = bare.database().execute(CREATE, (*identity, *record, *bare.values(customer)))
    if not written.rowcount:
        answer = bytes(bare.database().execute(STORED, identity).fetchone()["body"])
    return "201 Created", answer


bare.open_request = open_request
bare.create_customer = create_customer
