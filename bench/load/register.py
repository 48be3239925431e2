"""A city's register for benchmarks: 200,000 points with Chinese names, as the CSV file that an engineer would bring."""

import random

WEST, SOUTH, EAST, NORTH = 123.0, 41.5, 123.8, 42.1
ROADS = (
    *("人民", "中山", "解放", "长江", "黄河", "和平", "建设", "青年", "文化", "北陵", "崇山", "南京", "太原", "胜利"),
    *("光明", "团结", "新华", "友谊", "滨河", "望江", "钟楼", "烽台", "保工", "卫工", "沈辽", "东陵", "泉园", "万柳"),
)
KINDS = ("大街", "路", "街", "巷", "东路", "西路", "南大街", "北街")
SPOTS = (
    "路口",
    "小学",
    "幼儿园",
    "医院",
    "公园",
    "广场",
    "银行",
    "派出所",
    "地铁站",
    "加油站",
    "市场",
    "小区正门",
    "停车场",
    "桥头",
)
CAMERAS = ("球机", "枪机", "全景", "高空瞭望")
WORDS = ("中山", "路口", "派出所", "地铁站", "幼儿园", "长江街", "高空瞭望", "和平南大", "烽台", "卫工北街")
"""Ten words of two to four characters: rare and frequent, within a name and across its parts."""
HEADERS = (
    "编号",
    "名称",
    "行政区划代码",
    "点位类别",
    "经度",
    "纬度",
    "地址",
    "法定类别",
    "安装部位",
    "设置目的",
    "责任单位",
    "保存天数",
)


def csv_file(rows: int, *, seed: int = 7) -> bytes:
    dice = random.Random(seed)
    lines = [",".join(HEADERS)]
    for number in range(1, rows + 1):
        road, kind, spot = dice.choice(ROADS), dice.choice(KINDS), dice.choice(SPOTS)
        area = f"2101{dice.randrange(2, 15):02d}"
        name = f"{road}{kind}{spot}{dice.choice(CAMERAS)}{dice.randrange(1, 40)}"
        place = f"{dice.uniform(WEST, EAST):.6f},{dice.uniform(SOUTH, NORTH):.6f}"
        lines.append(
            f"{number},{name},{area},{dice.choice('一二三')}类,{place},{road}{kind} {dice.randrange(1, 400)} 号,"
            f"第七条政府,道路,治安防控,{area} 公安分局,{dice.choice((30, 60, 90))}"
        )
    return "\n".join(lines).encode()
