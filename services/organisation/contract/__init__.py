"""Units, campaigns, submissions, users, members: what they take, tell, show. The only package for others to import."""

from .calendar import *
from .calendar_sheet import *
from .campaign import *
from .figures import *
from .initiative import *
from .member import *
from .permissions import *
from .resources import *
from .sheet_ways import *
from .sheets import *
from .submission import *
from .unit import *
from .user import *
from .words import *
