import secrets
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

REFUSED = "The object store does not keep files for us: {reason}. Check the variables that begin with STORAGE_S3_."


class Command(BaseCommand):
    help = "Write, read and delete one small file, as the service does."

    def handle(self, *args: Any, **options: Any) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if not settings.STORAGE_S3_ENABLED:
            raise CommandError("STORAGE_S3_ENABLED is false: there is no object store to check.")
        try:
            name = self.keep_and_forget()
        except (BotoCoreError, ClientError) as error:
            raise CommandError(REFUSED.format(reason=str(error).rstrip("."))) from None
        self.stdout.write(f"The object store keeps files: {name} was written, read and deleted.")

    def keep_and_forget(self) -> str:
        content = secrets.token_bytes(1024)
        name = default_storage.save(f"checks/{secrets.token_hex(8)}", ContentFile(content))
        with default_storage.open(name) as file:
            read = file.read()
        default_storage.delete(name)
        if read != content:
            raise CommandError("The object store gave back something else than it was given.")
        return name
