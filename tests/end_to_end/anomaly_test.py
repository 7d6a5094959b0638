# Unusual values of files: what is printed, the summary, and mistakes.
import csv
import io
import json
import math
import os

import cityloom
from cityloom import command, expect, expect_equal

FORM = "%Y-%m-%d %H:%M:%S"


def rows_with_an_event():
    """Ten days in steps of five minutes; on the ninth a value far off, and noise that repeats itself nowhere."""
    noise = 1
    for i in range(2_880):
        noise = (noise * 1_103_515_245 + 12_345) % 2**31
        value = 20 + 5 * math.sin(i / 288 * 2 * math.pi) + noise / 2**31
        yield 1_700_000_000 + 300 * i, 80.0 if i == 2_500 else value


def test_a_file_is_scored_row_by_row():
    with cityloom.folder() as folder:
        path, summary = os.path.join(folder, "a.csv"), os.path.join(folder, "summary.json")
        with open(path, "w") as f:
            f.write("timestamp,value\n")
            f.writelines(f"{time},{value:.4f}\n" for time, value in rows_with_an_event())
        code, out, error = command("anomaly", "score", path, "--summary", summary)
        expect_equal(code, 0, f"code ({error})")
        rows = list(csv.DictReader(io.StringIO(out)))
        expect_equal(len(rows), 2_880, "rows")
        expect_equal(list(rows[0]), ["time", "score", "alarm"], "columns")
        expect(all(0 <= float(row["score"]) <= 1 and row["alarm"] in "01" for row in rows), "scores and alarms")
        expect_equal(rows[2_500]["alarm"], "1", "alarm of the value far off")
        expect(sum(row["alarm"] == "1" for row in rows) < 30, "few alarms")
        with open(summary) as f:
            told = json.load(f)
        expect_equal(told["rows"], 2_880, "rows told")
        expect("1700750000" in [alarm["from"] for alarm in told["alarms"]], f"{told['alarms']}")


def mistake(path, code, *said):
    is_, _, error = command("anomaly", "score", path)
    expect_equal(is_, code, f"code ({error})")
    for text in said:
        expect(text in error, f"{text!r} is not in {error!r}")


def test_mistakes_name_the_line():
    expect_equal(command("anomaly")[0], 2, "code without a file")
    with cityloom.folder() as folder:
        path = os.path.join(folder, "a.csv")
        for text, said in (("", "no rows"), ("1\n2\n", "no column of values"), ("1,2\nsoon,3\n", "line 2"),
                           ("time,v\n", "no rows"), ("9,1\n8,1\n7,1\n6,1\n5,1\n4,1\n", "times go back")):
            with open(path, "w") as f:
                f.write(text)
            mistake(path, 5, path, said)
        mistake(folder, 5, "it is a folder")
        mistake(os.path.join(folder, "none.csv"), 5, "no such file")


cityloom.run_tests(globals())
