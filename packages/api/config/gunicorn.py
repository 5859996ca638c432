"""How gunicorn serves: in threads, because requests wait for the database, and WEB_CONCURRENCY processes."""

from pathlib import Path

worker_class = "gthread"
threads = 4
# Less than the 30 seconds that Kubernetes waits before it kills, so that requests end by themselves.
graceful_timeout = 25
# Longer than a proxy keeps an idle connection, or it sends a request into one that is just being closed.
keepalive = 75
# A heartbeat written to a disk blocks a worker whenever the disk does.
memory = Path("/dev", "shm")
worker_tmp_dir = str(memory) if memory.is_dir() else None
control_socket_disable = True
# The service logs each request itself; what gunicorn has to say goes to standard error.
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
