# Runs the sections of ./test one after another, counts each check, ends with "N passed, N failed".
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import programs, sections  # noqa: E402
from testing.tally import Tally  # noqa: E402

HELP = """Sections, in their order (without a name those that run by default):
{sections}

Environment:
  CITYLOOM_SHARED        folder with real data (default ../shared/data beside the sources; absent: those tests skip)
  CITYLOOM_FUZZ_SECONDS  how long each fuzzer runs (default 60)
  CITYLOOM_JOBS          how much runs at once (default: number of cores)
"""


def arguments(root):
    names = "\n".join(f"  {s.name:<12}{s.title}" for s in sections.ALL)
    parser = argparse.ArgumentParser(prog="./test", description="Everything that proves that Cityloom works.",
                                     epilog=HELP.format(sections=names),
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section", nargs="*", help="run only these")
    parser.add_argument("--list", action="store_true", help="list the sections and end")
    parser.add_argument("--only", default="", metavar="TEXT", help="of a section's programs, those with TEXT in the name")
    chosen = parser.parse_args()
    known = {s.name for s in sections.ALL}
    for name in chosen.section:
        if name not in known:
            parser.error(f"no section {name}; there are: {', '.join(s.name for s in sections.ALL)}")
    return chosen


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    chosen = arguments(root)
    if chosen.list:
        print("\n".join(s.name for s in sections.ALL))
        return 0
    tally = Tally()
    context = sections.Context.of(root, chosen.only)
    times = []
    wanted = [s for s in sections.ALL if s.name in chosen.section or (not chosen.section and s.default)]
    for section in wanted:
        for later in wanted:
            if later.begins_before == section.name:
                later.begin(context, tally)
        print(f"\n== {section.title} ({section.name})", flush=True)
        before, started = tally.counts(), time.monotonic()
        section.run(context, tally)
        seconds = time.monotonic() - started
        passed, failed, skipped = (a - b for a, b in zip(tally.counts(), before))
        times.append(f"  {section.name:<12}{seconds:7.0f} s  {passed} passed, {failed} failed, {skipped} skipped")
        print(f"-- {section.name}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.0f} s", flush=True)
    print("\n== Summary\n" + "\n".join(times))
    tally.print_end()
    return 1 if tally.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        programs.end_all()
        os._exit(130)  # without waiting for the workers, who would begin the next program
