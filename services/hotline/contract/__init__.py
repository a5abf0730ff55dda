"""What the hotline takes and tells. The only package that others may import."""

from .figures import *
from .permits import *
from .resources import *
from .sheets import *
from .ticket import *
from .told import *
from .words import *
