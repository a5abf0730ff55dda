"""The units of the made-up province 示例省: committee, departments, their party committees, branches and youth groups."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from services.cli.sample.chance import chance

ROOT, DESK = "GW", "S001"
FULL = 102
"""So many departments, central units, institutions and enterprises the whole province has."""

PARTY_ORGANS = (
    "省委办公厅 省委组织部 省委宣传部 省委统一战线工作部 省委政法委员会 省委政策研究室 省委网络安全和信息化委员会办公室 "
    "省委机构编制委员会办公室 省委老干部局 省委巡视工作领导小组办公室 省委党史研究室 省人大常委会机关 省政协机关 "
    "省高级人民法院 省人民检察院 省总工会 省妇女联合会 省工商业联合会 省科学技术协会 省残疾人联合会 省红十字会 "
    "省文学艺术界联合会 省社会科学界联合会 省归国华侨联合会 省供销合作社联合社"
).split()
GOVERNMENT = (
    "省人民政府办公厅 省发展和改革委员会 省教育厅 省科学技术厅 省工业和信息化厅 省民族事务委员会 省公安厅 省民政厅 "
    "省司法厅 省财政厅 省人力资源和社会保障厅 省自然资源厅 省生态环境厅 省住房和城乡建设厅 省交通运输厅 省水利厅 "
    "省农业农村厅 省商务厅 省文化和旅游厅 省卫生健康委员会 省退役军人事务厅 省应急管理厅 省审计厅 省外事办公室 "
    "省国有资产监督管理委员会 省市场监督管理局 省广播电视局 省体育局 省统计局 省医疗保障局 省信访局 省林业和草原局 "
    "省机关事务管理局 省政务服务和数据管理局 省粮食和物资储备局 省能源局 省药品监督管理局"
).split()
CENTRAL = (
    "税务局 海关 统计调查总队 金融监督管理局 证券监督管理局 人民银行分行 气象局 地震局 通信管理局 邮政管理局 "
    "能源监管办公室 财政监管局 矿山安全监察局 烟草专卖局 出入境边防检查总站"
).split()
INSTITUTIONS = (
    "省民声热线服务中心 省社会科学院 省农业科学院 省科学院 广播电视台 日报社 省图书馆 省博物馆 省人民医院 "
    "省公共资源交易中心 省档案馆 省疾病预防控制中心 省地质调查院"
).split()
ENTERPRISES = (
    "交通投资集团 能源集团 水务投资集团 文化旅游集团 农垦集团 机场集团 出版传媒集团 国有资本运营公司 建设投资集团 "
    "铁路投资集团 融资担保集团 粮食集团"
).split()
OFFICES = (
    "办公室 政策法规处 规划财务处 人事处 综合处 机关党委办公室 业务一处 业务二处 业务三处 业务四处 监督检查处 信息化处 "
    "宣传教育处 研究室 对外合作处 审计处 业务五处 业务六处 安全保卫处 离退休干部处 直属服务中心 直属信息中心 业务七处"
).split()
SECTIONS = (
    "综合管理部 财务部 人力资源部 党群工作部 业务一部 业务二部 业务三部 法务审计部 技术部 安全部 采购部 信息部 "
    "业务四部 业务五部 后勤服务部 离退休工作部 第一项目部 第二项目部 第三项目部 研究部 市场部 质量部 业务六部"
).split()


@dataclass(frozen=True)
class Unit:
    """A unit of the tree; `kind` is the platform's word for it, `members` how many belong to it."""

    code: str
    name: str
    short_name: str
    kind: str
    parent: str | None
    members: int


@dataclass(frozen=True)
class Character:
    """How a department goes about it, so that the figures of no two are alike; shares between 0 and 1.

    `zeal` of what is expected is done, `absent` stay away without excuse, `late` answers pass the deadline;
    `care` is how callers find it; `since` the month in which it began.
    """

    zeal: float
    absent: float
    late: float
    care: float
    since: int


@dataclass(frozen=True)
class Department:
    """A unit directly under the committee, with all that lies below it."""

    unit: Unit
    character: Character
    body: Unit
    branches: list[Unit] = field(default_factory=list)
    groups: list[Unit] = field(default_factory=list)

    @property
    def units(self) -> list[Unit]:
        """The department and everything below it, parents first."""
        return [self.unit, self.body, *self.branches, *self.groups]


@dataclass(frozen=True)
class Province:
    """The whole tree."""

    root: Unit
    departments: list[Department]

    @property
    def units(self) -> list[Unit]:
        """Every unit, parents first."""
        return [self.root, *(unit for department in self.departments for unit in department.units)]

    def within(self, code: str) -> set[str]:
        """The codes of a unit and of all below it."""
        found = {code}
        for unit in self.units:
            if unit.parent in found:
                found.add(unit.code)
        return found


def province(departments: int = FULL) -> Province:
    """The province with its first so many departments; the hotline's desk is always among them."""
    root = Unit(ROOT, "中共示例省委省直机关工作委员会", "省直机关工委（样例）", "committee", None, 45)
    listed = list(_listed())
    spread = [listed[number * len(listed) // departments] for number in range(departments)]
    if all(code != DESK for code, _, _ in spread):
        spread[-1] = next(found for found in listed if found[0] == DESK)
    return Province(root, [_department(*found) for found in spread])


def _listed() -> Iterator[tuple[str, str, str]]:
    """Code, name and kind of every department."""
    for letter, kind, names in (
        ("D", "department", [*PARTY_ORGANS, *GOVERNMENT]),
        ("C", "central_unit", [f"中直驻例{name}" for name in CENTRAL]),
        ("S", "institution", INSTITUTIONS),
        ("E", "enterprise", ENTERPRISES),
    ):
        for number, name in enumerate(names, start=1):
            yield f"{letter}{number:03d}", _named(name), kind


def _named(name: str) -> str:
    return name.replace("中直驻例", "国家驻示例省") if name.startswith("中直驻例") else f"示例{name}"


def _department(code: str, name: str, kind: str) -> Department:
    source = chance("department", code)
    branches = source.choices((6, 8, 11, 12, 14, 17, 20), (1, 2, 3, 4, 4, 3, 2))[0]
    places = OFFICES if kind in ("department", "central_unit") else SECTIONS
    word, body = ("机关党委", "organ_committee") if places is OFFICES else ("党委", "base_committee")
    if branches <= 8:
        word, body = "党总支", "general_branch"
    short = name.removeprefix("示例省").removeprefix("示例").removeprefix("国家驻示例省")
    committee = Unit(f"{code}-W", f"{name}{word}", f"{short}{word}", body, code, 0)
    below = [
        Unit(f"{code}-B{n:02d}", f"{name}{place}党支部", f"{place}党支部", "branch", committee.code, _size(source, place))
        for n, place in enumerate(places[:branches], start=1)
    ]
    groups = [
        Unit(
            f"{code}-Y{n:02d}",
            f"{name}第{'一二三'[n - 1]}青年理论学习小组",
            f"青年小组{'一二三'[n - 1]}",
            "youth_group",
            committee.code,
            source.randint(6, 15),
        )
        for n in range(1, 2 + (branches > 8) + (branches > 16))
    ]
    members = sum(branch.members for branch in below)
    return Department(Unit(code, name, short, kind, ROOT, members), _character(source), committee, below, groups)


def _size(source: Random, place: str) -> int:
    return source.randint(18, 45) if place.startswith("离退休") else source.randint(6, 26)


def _character(source: Random) -> Character:
    lead, middle, behind = 0.16, 0.68, 0.16
    zeal, absent, since = source.choices(
        (
            (source.uniform(0.85, 0.97), source.uniform(0.002, 0.01), 2),
            (source.uniform(0.48, 0.75), source.uniform(0.005, 0.03), source.choice((2, 2, 3))),
            (source.uniform(0.12, 0.35), source.uniform(0.03, 0.07), source.choice((3, 4, 5))),
        ),
        (lead, middle, behind),
    )[0]
    return Character(zeal, absent, source.choice((0.01, 0.03, 0.05, 0.08, 0.18)), source.uniform(0.62, 0.95), since)
