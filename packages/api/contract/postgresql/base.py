"""Django's PostgreSQL backend; timestamps are read in C, where Django's own loader takes microseconds for each."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose times are in the session's zone, which Django sets to UTC."""

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["context"] = AdaptersMap(params["context"])
        params["context"].register_loader("timestamptz", TimestamptzLoader)
        return params

    def create_cursor(self, name: str | None = None) -> Cursor[Any]:
        """Django's cursors, without its question for the loader's zone, which a loader in C can't answer."""
        if name is None:
            return self.connection.cursor()  # type: ignore[no-any-return]
        withhold = self.connection.autocommit
        return base.ServerSideCursor(self.connection, name=name, scrollable=False, withhold=withhold)
