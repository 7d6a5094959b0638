#include "model/traffic/sumo.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <unordered_map>

extern char** environ;

namespace cityloom::model::traffic {
namespace {

using base::Code;
using base::fail;
using base::Status;
namespace files = std::filesystem;

/// A folder that goes when this does.
class Folder {
 public:
  Folder() {
    std::string name = (files::temp_directory_path() / "cityloom-sumo-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) files::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const files::path& path() const { return path_; }

 private:
  files::path path_;
};

std::string absolute(const std::string& path) {
  return files::absolute(path).string();
}

/// Additional files without what writes files of its own: where they lie may not be written to.
base::Result<std::string> without_outputs(const std::string& path, const files::path& to) {
  auto file = XmlFile::read(path);
  if (!file) return file.error();
  pugi::xml_document kept;
  kept.append_copy(file->root());
  pugi::xml_node root = kept.document_element();
  for (pugi::xml_node node = root.first_child(); node;) {
    const pugi::xml_node next = node.next_sibling();
    const std::string_view name = node.name();
    const bool writes =
        !node.attribute("file").empty() && name != "calibrator" && name != "rerouter" && name != "variableSpeedSign";
    if (writes || name == "edgeData" || name == "laneData" || name == "timedEvent") root.remove_child(node);
    node = next;
  }
  if (!kept.save_file(to.c_str())) return fail(Code::unavailable, "cannot be written", to.string());
  return to.string();
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
  return all;
}

/// The last lines that a program wrote, with what it calls an error first.
std::string said(const files::path& log) {
  std::ifstream in(log);
  std::string line, last, error;
  while (std::getline(in, line)) {
    if (line.rfind("Error", 0) == 0 && error.empty()) error = line;
    if (!line.empty()) last = line;
  }
  return (error.empty() ? last : error).substr(0, 500);
}

/// Runs a program to its end. Its exit status; or not_found, cancelled, unavailable.
base::Result<int> run_child(const std::vector<std::string>& words, const files::path& log,
                            const std::function<bool(double)>& progress) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0)
    return fail(Code::not_found, "SUMO cannot be started", words[0],
                "install the Debian package sumo, or leave out --engine sumo");
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (progress && !progress(0)) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      return fail(Code::cancelled, "stopped");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return status;
}

Status read_trips(const files::path& path, const Demand& demand, Report& report) {
  const auto file = XmlFile::read(path.string());
  if (!file) return file.error();
  std::unordered_map<std::string, EmissionKind> kinds;
  for (const VehicleType& type : demand.types) kinds[type.id] = type.emission;
  std::vector<double> durations, losses, waitings, delays, metres;
  double stops = 0;
  for (const pugi::xml_node node : file->root().children("tripinfo")) {
    Attributes trip(*file, node);
    const double duration_s = trip.number("duration", 0, -1e9, 1e9),
                 length_m = trip.number("routeLength", 0, -1e9, 1e9);
    const bool on_road = trip.number("arrival", -1, -1e9, 1e9) < 0;
    if (trip.number("depart", -1, -1e9, 1e9) < 0) continue;  // never came onto the road
    ++report.inserted;
    report.vehicle_updates += duration_s;
    const auto kind = kinds.find(std::string(trip.text("vType")).substr(0, trip.text("vType").find('@')));
    const Emitted amounts = emitted(kind == kinds.end() ? EmissionKind::passenger : kind->second, length_m, duration_s);
    report.co2_kg += amounts.co2_g / 1000;
    report.nox_kg += amounts.nox_g / 1000;
    report.co_kg += amounts.co_g / 1000;
    report.fuel_kg += amounts.fuel_g / 1000;
    if (trip.failed()) return trip.error();
    if (on_road) continue;
    report.ended_s = std::max(report.ended_s, trip.number("arrival", 0, -1e9, 1e9));
    durations.push_back(duration_s);
    metres.push_back(length_m);
    losses.push_back(trip.number("timeLoss", 0, -1e9, 1e9));
    waitings.push_back(trip.number("waitingTime", 0, -1e9, 1e9));
    delays.push_back(trip.number("departDelay", 0, -1e9, 1e9));
    stops += trip.number("waitingCount", 0, 0, 1e9);
  }
  report.arrived = durations.size();
  report.on_road = report.inserted - report.arrived;
  report.waiting = report.vehicles - std::min<uint64_t>(report.vehicles, report.no_way.size() + report.inserted);
  report.stops_mean = durations.empty() ? 0 : stops / static_cast<double>(durations.size());
  report.duration_s = spread_of(std::move(durations));
  report.loss_s = spread_of(std::move(losses));
  report.waiting_s = spread_of(std::move(waitings));
  report.depart_delay_s = spread_of(std::move(delays));
  report.metres = spread_of(std::move(metres));
  return {};
}

}  // namespace

Status run_sumo(const RunOptions& options, const Demand& demand, Report& report,
                const std::function<bool(double)>& progress) {
  if (options.control != Control::fixed)
    return fail(Code::unsupported, "SUMO runs signals as the files have them", "--control",
                "leave it out, or use --engine meso");
  if (!options.closed.empty())
    return fail(Code::unsupported, "edges are closed in our own engine only", "--close", "use --engine meso");
  const Folder folder;
  if (folder.path().empty())
    return fail(Code::unavailable, "no folder for SUMO's files can be made", files::temp_directory_path().string());
  std::vector<std::string> routes, additional;
  for (const std::string& path : options.routes) routes.push_back(absolute(path));
  for (const std::string& path : options.additional) {
    auto kept = without_outputs(path, folder.path() / fmt::format("additional-{}.xml", additional.size()));
    if (!kept) return kept.error();
    additional.push_back(std::move(kept).value());
  }
  const files::path trips = folder.path() / "trips.xml", log = folder.path() / "log.txt";
  std::vector<std::string> words{options.sumo,
                                 "--net-file",
                                 absolute(options.net),
                                 "--route-files",
                                 joined(routes),
                                 "--tripinfo-output",
                                 trips.string(),
                                 "--tripinfo-output.write-unfinished",
                                 "true",
                                 "--route-steps",
                                 "0",  // all at once: a file need not be sorted
                                 "--junction-taz",
                                 "true",
                                 "--no-step-log",
                                 "true",
                                 "--xml-validation",
                                 "never",
                                 "--ignore-route-errors",
                                 "true",
                                 "--seed",
                                 std::to_string(options.seed & 0x7FFFFFFF),
                                 "--begin",
                                 fmt::format("{}", options.begin_s)};
  if (!additional.empty()) words.insert(words.end(), {"--additional-files", joined(additional)});
  if (options.end_s < 1e9) words.insert(words.end(), {"--end", fmt::format("{}", options.end_s)});
  const auto start = std::chrono::steady_clock::now();
  const auto status = run_child(words, log, progress);
  if (!status) return status.error();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 127)
    return fail(Code::not_found, "SUMO is not installed", options.sumo, "install the Debian package sumo");
  if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0)
    return fail(Code::unavailable, fmt::format("SUMO failed: {}", said(log)), options.net);
  return read_trips(trips, demand, report);
}

}  // namespace cityloom::model::traffic
