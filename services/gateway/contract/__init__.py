"""Units, campaigns, users, members: what they take, tell and show. The only package that others may import."""

from .campaign import *
from .initiative import *
from .member import *
from .sheets import *
from .unit import *
from .user import *
from .words import *
