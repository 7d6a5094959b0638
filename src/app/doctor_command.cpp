// cityloom doctor: looks at everything that a start needs and says what is wrong and what to do.
#include <proj.h>
#include <sys/resource.h>

#include <cstdio>
#include <filesystem>

#include "app/command.hpp"
#include "app/places.hpp"
#include "app/progress.hpp"
#include "app/record_work.hpp"
#include "link/definition.hpp"
#include "store/store.hpp"

namespace cityloom::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t free_bytes_wanted = uint64_t{1} << 30;
constexpr rlim_t files_wanted = 4096;

/// Counts what it says.
class Findings {
 public:
  void good(const std::string& text) { std::printf("ok       %s\n", text.c_str()); }
  void warn(const std::string& text) { std::printf("warning  %s\n", text.c_str()); }
  void bad(const std::string& text) {
    std::printf("wrong    %s\n", text.c_str());
    ++wrong_;
  }
  int wrong() const { return wrong_; }

 private:
  int wrong_ = 0;
};

void look_at_machine(Findings& findings) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::string text = std::to_string(files.rlim_cur) + " files may be open at once";
  if (files.rlim_cur >= files_wanted) {
    findings.good(text);
  } else {
    findings.warn(text + ": raise it by `ulimit -n " + std::to_string(files_wanted) + "` for many clients");
  }
  PJ_CONTEXT* context = proj_context_create();
  PJ* conversion = proj_create_crs_to_crs(context, "EPSG:4326", "EPSG:5186", nullptr);
  if (conversion != nullptr) {
    findings.good("coordinate systems can be converted (PROJ)");
  } else {
    findings.bad("PROJ finds no definitions of coordinate systems: install proj-data");
  }
  proj_destroy(conversion);
  proj_context_destroy(context);
}

/// Reads every commit from the first on: each carries a checksum.
base::Status read_all(const thread::Thread& thread, Progress& progress, uint64_t& commits) {
  thread::Offset at{};
  for (;;) {
    const auto page = thread.feed(at);
    if (!page) return page.error();
    if (page->empty()) return {};
    commits += page->size();
    at = page->back()->offset;
    progress.report(at.number, thread.head().number, "commits read");
  }
}

void look_at_record(Findings& findings, const DataFolder& folder, const std::string& tenant, const Arguments& arguments,
                    const base::Clock& clock) {
  const std::string name = tenant.empty() ? "the record" : "the record of tenant " + tenant;
  // A start takes damage in the log for the torn end of a power loss, and goes on with what stands before it.
  store::EmbeddedOptions strict;
  strict.create_if_missing = false;
  strict.strict_log = true;
  if (const auto store = store::open_embedded(folder.record_folder(tenant), strict); !store) {
    findings.bad(name + ": " + store.error().text());
    return;
  }
  const auto thread = open_with_progress(folder, tenant, clock, arguments.settings);
  if (!thread) {
    findings.bad(name + ": " + thread.error().text());
    return;
  }
  Progress progress("doctor: " + name, clock);
  uint64_t commits = 0;
  const base::Status status = read_all(**thread, progress, commits);
  if (!status) {
    findings.bad(name + ": " + status.error().text());
    return;
  }
  const thread::ThreadStatus numbers = (*thread)->status();
  findings.good(name + ": " + grouped(commits) + " commits read, every checksum holds; " + grouped(numbers.entities) +
                " entities");
}

void look_at_folder(Findings& findings, const Arguments& arguments, const base::Clock& clock) {
  const auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::fail);
  if (!folder) {
    // Nothing recorded yet is no illness.
    const bool absent = folder.error().code == base::Code::not_found;
    absent ? findings.warn(folder.error().text()) : findings.bad(folder.error().text());
    return;
  }
  findings.good("the data folder " + folder->path() + " can be written");
  if (const auto free = folder->free_bytes()) {
    const std::string text = grouped(*free >> 20) + " MiB free on its disk";
    *free < free_bytes_wanted ? findings.warn(text + ": writing stops when it is full") : findings.good(text);
  }
  if (const auto server = folder->running()) {
    findings.good("a server runs over it at " + server->url + ": its record is not read here");
    return;
  }
  std::vector<std::string> tenants = folder->tenants();
  tenants.insert(tenants.begin(), "");
  for (const std::string& tenant : tenants) look_at_record(findings, *folder, tenant, arguments, clock);
}

void look_at_places(Findings& findings, const Settings& settings) {
  const std::string console = console_folder(settings);
  std::error_code error;
  if (fs::exists(console + "/index.html", error)) {
    findings.good("the console is at " + console);
  } else {
    findings.warn("no built console at " + console + ": `./run --build-only` makes it");
  }
  const std::string packs = packs_folder(settings);
  const auto read = link::read_packs(packs);
  if (!read) {
    findings.bad("packs: " + read.error().text());
    return;
  }
  size_t links = 0;
  for (const link::Pack& pack : *read) links += pack.links.size();
  findings.good(std::to_string(read->size()) + " packs with " + std::to_string(links) + " links in " + packs);
}

ExitCode work_doctor(const Arguments& arguments) {
  const base::SystemClock clock;
  Findings findings;
  look_at_machine(findings);
  look_at_places(findings, arguments.settings);
  look_at_folder(findings, arguments, clock);
  std::printf("%s\n", findings.wrong() == 0 ? "nothing wrong" : (std::to_string(findings.wrong()) + " wrong").c_str());
  return findings.wrong() == 0 ? ExitCode::ok : ExitCode::failed;
}

ExitCode run_doctor(const Arguments& arguments) {
  return guarded(work_doctor, arguments);
}

}  // namespace

Command doctor_command() {
  return {
      "doctor",
      "Look whether everything that a start needs is well",
      "[OPTION...]",
      "Looks at the machine, the console, the packs and the data folder; of a stopped one it reads every commit and\n"
      "checks its checksum. Changes nothing. Ends with 1 where something is wrong.\n",
      data_options(),
      run_doctor};
}

}  // namespace cityloom::app
