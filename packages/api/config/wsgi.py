"""The WSGI application that is served."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from contract.intake import Intake

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = Intake(get_wsgi_application(), settings.MAX_BODY_BYTES)
# Or each worker would import the views for itself, at its first request.
import_module(settings.ROOT_URLCONF)
