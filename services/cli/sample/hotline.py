"""The hotline's nine months: each ticket's life as far as it had come when the campaign closed."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from services.cli.sample.chance import chance
from services.cli.sample.days import END, FIRST, MONTHS, SEASON, office_hour, workdays, working_day_after
from services.cli.sample.people import names, phones
from services.cli.sample.province import DESK, ROOT, Department, Province
from services.cli.sample.rows import Row
from services.cli.workbook import Cells

TICKETS = 2_600
KINDS = {"咨询": 42, "求助": 24, "投诉": 17, "建议": 8, "表扬": 5, "举报": 4}
CHANNELS = {"电话": 52, "网络": 22, "12345": 12, "上线": 7, "来访": 4, "信访": 3}
LIMITS = {"咨询": 2, "求助": 10, "建议": 10, "表扬": 10, "投诉": 15, "举报": 15}
"""Working days, so that most of the sample's answers keep the limit and some do not."""
MATTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "社会保障": ("人力资源", ("养老保险关系转移", "失业金申领", "社保卡补办", "工伤认定进度")),
    "医疗保障": ("医疗保障", ("异地就医备案", "医保报销比例", "门诊慢特病认定", "医保缴费到账")),
    "教育": ("教育厅", ("转学手续", "课后服务收费", "助学贷款办理", "职业资格证书")),
    "住房": ("住房和城乡建设", ("公积金提取", "老旧小区加装电梯", "物业服务质量", "房屋漏水维修")),
    "交通出行": ("交通", ("公交线路调整", "农村公路破损", "网约车证办理", "路灯不亮")),
    "税费办理": ("税务", ("个税汇算退税", "发票开具", "社保费申报", "契税减免")),
    "企业登记": ("市场监督", ("营业执照变更", "食品经营许可", "消费纠纷调解", "商标咨询")),
    "生态环境": ("生态环境", ("夜间施工噪声", "河道异味", "餐饮油烟", "扬尘治理")),
    "户籍证件": ("公安", ("居住证办理", "身份证异地补办", "落户条件", "停车秩序")),
    "农业农村": ("农业农村", ("惠农补贴发放", "灌溉渠修缮", "农机购置补贴", "土地流转合同")),
    "水电气暖": ("能源", ("停电通知", "燃气改造", "供暖不热", "充电桩安装")),
    "文化旅游": ("文化和旅游", ("景区预约", "图书馆开放时间", "演出退票", "文化活动报名")),
}
VERBS = {"咨询": "咨询{}", "求助": "请求帮助解决{}问题", "投诉": "投诉{}办理拖延", "建议": "建议改进{}"}


def tickets(province: Province, share: float = 1.0) -> Iterator[Row]:
    """Tickets in order of receipt, `share` of the usual number, each said once and rightly."""
    source, callers, numbers = chance("hotline"), names("hotline"), phones("hotline")
    serial = count(1)
    mean = TICKETS * share / len(MONTHS)
    for month in MONTHS:
        spread = [_when(source, month) for _ in range(max(1, round(mean * SEASON[month])))]
        for received in sorted(spread):
            desk = Desk(province, source, received)
            said: Cells = {"caller_name": next(callers), "caller_phone": next(numbers)}
            yield desk.ticket(f"GD-2026-{next(serial):05d}", said)


def _when(source: Random, month: int) -> datetime:
    """The telephone is answered every day, but most call on working days."""
    if source.random() < 0.9:
        return office_hour(source, source.choice(workdays(month)))
    return office_hour(source, FIRST.replace(month=month) + timedelta(days=source.randrange(28)))


class Desk:
    """Leads one ticket through its life; what would happen after the campaign's end has not happened."""

    def __init__(self, province: Province, source: Random, received: datetime) -> None:
        self._province = province
        self._source = source
        self._received = received

    def ticket(self, number: str, caller: Cells) -> Row:
        """A row of 工单历史台账."""
        source = self._source
        kind, channel = _drawn(source, KINDS), _drawn(source, CHANNELS)
        category = source.choice(list(MATTERS))
        keyword, matters = MATTERS[category]
        department = self._department(keyword)
        matter = source.choice(matters)
        cells: Cells = {
            "number": number,
            "unit": DESK,
            "channel": channel,
            "kind": kind,
            "category": category,
            "received": self._received,
            **caller,
        }
        if kind == "举报":
            cells |= {"title": f"举报有关单位{category}领域工作作风问题", "confidential": "是"}
            cells["reported_unit"] = department.unit.code
            handler = ROOT
        elif kind == "表扬":
            cells["title"] = f"表扬{category}窗口工作人员"
            handler = department.unit.code
        else:
            cells["title"] = VERBS[kind].format(matter)
            handler = department.unit.code
        cells["text"] = f"{caller['caller_name']}来电（{caller['caller_phone']}）：{cells['title']}，请予办理。"
        if channel == "信访" and source.random() < 0.5:
            cells["confidential"] = "是"
        return Row("tickets", cells | self._life(kind, handler, department))

    def _department(self, keyword: str) -> Department:
        known = [each for each in self._province.departments if keyword in each.unit.name]
        if not known or self._source.random() < 0.12:
            known = [each for each in self._province.departments if each.unit.code != DESK]
        return self._source.choice(known)

    def _life(self, kind: str, handler: str, department: Department) -> Cells:
        source, character = self._source, department.character
        if kind == "咨询" and source.random() < 0.35:  # the desk knows the answer
            answered = self._received + timedelta(minutes=source.randint(3, 40))
            known: Cells = {"answered": answered, "answer": "坐席已当场解答。"}
            return self._until_end(known | self._after(answered, source.uniform(0.9, 0.98)))
        dispatched = self._received + timedelta(minutes=source.randint(10, 300))
        known = {"handler": handler, "dispatched": dispatched}
        if source.random() < 0.015:
            return self._until_end(known)  # lies there
        signed = dispatched + timedelta(minutes=source.randint(5, 90))
        if source.random() < 0.45:
            signed = office_hour(source, working_day_after(dispatched.date(), 1))
        known["signed"] = signed
        if source.random() < 0.02 + character.late / 4:
            return self._until_end(known)  # forgotten
        limit, late = LIMITS[kind], source.random() < character.late
        number = limit + source.randint(1, 8) if late else max(1, round(limit * source.betavariate(2, 2.2)))
        answered = max(office_hour(source, working_day_after(self._received.date(), number)), signed)
        known |= {"answered": answered, "answer": "已核实有关情况，并将办理结果告知来电人。"}
        return self._until_end(known | self._after(answered, character.care))

    def _after(self, answered: datetime, care: float) -> Cells:
        """The call-back, which reaches some and counts for most of these."""
        source = self._source
        if source.random() > 0.82:
            return {}
        called = office_hour(source, working_day_after(answered.date(), source.randint(1, 6)))
        known: Cells = {"called_back": called}
        if source.random() < 0.1:
            reason = source.choice(("三次联系均无人接听", "号码停机", "来电人不愿接受回访"))
            known |= {"valid": "否", "excluded_reason": reason, "excluded_by": "值班长"}
        else:
            responded = source.random() < 0.5 + care / 2
            solved = responded and source.random() < care
            known |= {"valid": "是", "responded": "是" if responded else "否", "solved": "是" if solved else "否"}
            known["satisfaction"] = self._satisfaction(solved, care)
        if source.random() < 0.95:
            known["completed"] = called + timedelta(minutes=source.randint(5, 90))
        return known

    def _satisfaction(self, solved: bool, care: float) -> str:
        good = care if solved else care / 3
        return _drawn(self._source, {"满意": good, "基本满意": 0.25, "不满意": 1 - good, "不评价": 0.06})

    def _until_end(self, known: Cells) -> Cells:
        """Without the steps that came after the campaign's end, and without what was said at them."""
        said = {"handler": "dispatched", "answer": "answered"}
        said |= dict.fromkeys(OUTCOME, "called_back")
        gone = {step for step, at in known.items() if isinstance(at, datetime) and at > END}
        return {key: value for key, value in known.items() if key not in gone and said.get(key) not in gone}


OUTCOME = ("valid", "responded", "solved", "satisfaction", "excluded_reason", "excluded_by")


def _drawn(source: Random, weights: dict[str, int] | dict[str, float]) -> str:
    return source.choices(list(weights), list(weights.values()))[0]


def month_of(row: Row) -> date:
    """The first day of the month of receipt: the desk keeps a ledger a month."""
    received = row.cells["received"]
    if not isinstance(received, datetime):
        raise TypeError("a ticket's receipt is an instant")
    return received.date().replace(day=1)
