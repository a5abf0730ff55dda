"""What research takes, tells and shows: one module for each kind of record. The only package that others may import."""

from .figures import *
from .measure import *
from .norm import *
from .permits import *
from .place import *
from .resources import *
from .sheets import *
from .topic import *
from .visit import *
from .words import *
