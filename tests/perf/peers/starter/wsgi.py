"""What gunicorn serves for both Django peers; ROOT_URLCONF says which."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "starter.settings")
application = get_wsgi_application()
