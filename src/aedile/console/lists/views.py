"""x"""


def change(request, name, change_id): ...
