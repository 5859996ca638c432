"""Django's PostgreSQL backend, with timestamps read in C and a cursor that binds and prepares on the server."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Cursor
from psycopg.adapt import AdaptersMap
from psycopg.types.datetime import TimestamptzLoader

# Runs of a statement before PostgreSQL is asked to prepare it; Django's own cursors never ask.
PREPARED_AFTER = 5


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose times are in the session's zone, which Django sets to UTC."""

    _server_side: Cursor[Any] | None = None

    # Django's own loader is pure Python, and takes seven microseconds for each timestamp.
    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["context"] = AdaptersMap(params["context"])
        params["context"].register_loader("timestamptz", TimestamptzLoader)
        params["prepare_threshold"] = PREPARED_AFTER
        return params

    def init_connection_state(self) -> None:
        """Plan what is prepared once: whether PostgreSQL finds that worth it is a close call for each statement."""
        super().init_connection_state()
        self.connection.execute("SET plan_cache_mode = force_generic_plan")
        if not self.get_autocommit():
            self.connection.commit()

    def create_cursor(self, name: str | None = None) -> Cursor[Any]:
        """Django's cursors, without its question for the loader's zone, which a loader in C can't answer."""
        if name is None:
            return self.connection.cursor()  # type: ignore[no-any-return]
        server_side: Any = base.ServerSideCursor
        withhold = self.connection.autocommit
        return server_side(self.connection, name=name, scrollable=False, withhold=withhold)  # type: ignore[no-any-return]

    def server_side_cursor(self) -> Cursor[Any]:
        """One cursor for the life of the connection; what it runs often is prepared by PostgreSQL.

        It is for `contract.statements` only: Django's own SQL can't be bound on the server everywhere.
        """
        self.close_if_health_check_failed()
        self.ensure_connection()
        if self._server_side is None or self._server_side.connection is not self.connection:
            self._server_side = Cursor(self.connection)
        return self._server_side
