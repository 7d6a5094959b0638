// The data folder on disk.
#include "app/data_folder.hpp"
#include "app/memory_limit.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "store/store.hpp"

namespace cityloom::app {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;
using base::Status;

constexpr int folder_format = 1;
constexpr const char* marker_name = "/cityloom.json";

std::string system_reason() {
  return std::strerror(errno);
}

std::string remedy_for(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "make room on the disk, or choose another folder by --data";
    case EACCES:
    case EPERM:
      return "make the folder writable for this user, or choose another by --data";
    case EROFS:
      return "the disk is read-only: choose another folder by --data";
    default:
      return "choose another folder by --data";
  }
}

/// Writes the bytes and has them on the disk before it returns.
Status write_durably(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return fail(Code::unavailable, "cannot write: " + system_reason(), path, remedy_for(errno));
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const int error_number = errno;
  ::close(file);
  if (written) return {};
  errno = error_number;
  return fail(Code::unavailable, "cannot write: " + system_reason(), path, remedy_for(error_number));
}

std::optional<nlohmann::json> read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) return {};
  nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return {};
  return json;
}

Status check_marker(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path + marker_name, error)) {
    // Somebody's documents must not get a database between them.
    for (const auto& entry : fs::directory_iterator(path, error)) {
      return fail(Code::conflict, "the folder holds other things (" + entry.path().filename().string() + ")", path,
                  "choose an empty folder, or one of Cityloom's, by --data");
    }
    return write_folder_marker(path);
  }
  const auto marker = read_json(path + marker_name);
  if (!marker || !marker->value("format", nlohmann::json()).is_number_integer()) {
    return fail(Code::corrupt, "the marker of the data folder cannot be read", path + marker_name,
                "put {\"format\": 1} in it if this is a folder of Cityloom");
  }
  if (marker->at("format").get<int64_t>() > folder_format) {
    return fail(Code::unsupported, "the data folder was made by a newer version", path, "use that version");
  }
  return {};
}

/// A write that fails now is better told now than with the first reading.
Status check_writable(const std::string& path) {
  const std::string probe = path + "/.probe";
  Status status = write_durably(probe, std::string(4096, 'x'));
  ::unlink(probe.c_str());
  return status;
}

}  // namespace

Status write_folder_marker(const std::string& path) {
  return write_durably(path + marker_name, "{\"format\": " + std::to_string(folder_format) + "}\n");
}

base::Result<DataFolder> DataFolder::open(const std::string& path, Absent absent) {
  std::error_code error;
  if (path.empty()) return fail(Code::invalid, "the data folder has no name", "", "give one by --data");
  if (!fs::exists(path, error)) {
    if (absent == Absent::fail) {
      return fail(Code::not_found, "there is no such data folder", path, "check the name given to --data");
    }
    if (!fs::create_directories(path, error) && error) {
      return fail(Code::unavailable, "the data folder cannot be made: " + error.message(), path,
                  remedy_for(error.value()));
    }
  } else if (!fs::is_directory(path, error)) {
    return fail(Code::conflict, "this is a file, not a folder", path, "choose a folder by --data");
  }
  for (const Status& status : {check_writable(path), check_marker(path)}) {
    if (!status) return status.error();
  }
  fs::create_directories(path + "/tenants", error);
  fs::create_directories(path + "/notes", error);
  if (error) return fail(Code::unavailable, "cannot write: " + error.message(), path, remedy_for(error.value()));
  return DataFolder(path);
}

std::string DataFolder::record_folder(std::string_view tenant) const {
  return path_ + "/tenants/" + std::string(tenant.empty() ? main_tenant : tenant);
}

std::vector<std::string> DataFolder::tenants() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_ + "/tenants", error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory(error) && name != main_tenant && name[0] != '.') names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::unique_ptr<thread::Thread>> DataFolder::open_record(
    std::string_view tenant, const base::Clock& clock, const Settings& settings,
    const std::function<void(thread::Offset, thread::Offset)>& progress) const {
  auto store = store::open_embedded(record_folder(tenant));
  if (!store) {
    base::Error error = store.error();
    const auto server = running();
    if (error.code == Code::conflict && server) {
      return fail(Code::conflict,
                  "the data folder is in use by the server at " + server->url + " (process " +
                      std::to_string(server->process) + ")",
                  path_, "stop that one first, or choose another folder by --data");
    }
    return error;
  }
  thread::Options options;
  options.queue_changes_max = settings.queue_changes_max;
  options.queue_bytes_max = settings.queue_bytes_max;
  options.checkpoint_interval_ms = settings.checkpoint_interval_ms;
  fit_into_memory(settings.memory_bytes, options);
  return thread::Thread::open(std::move(*store), clock, options, progress);
}

std::optional<RunningServer> DataFolder::running() const {
  const auto json = read_json(path_ + "/running.json");
  if (!json || !json->value("url", nlohmann::json()).is_string() ||
      !json->value("process", nlohmann::json()).is_number_integer()) {
    return {};
  }
  RunningServer server{json->at("url").get<std::string>(), json->at("process").get<int64_t>()};
  // The note of a process that was killed stays behind.
  if (server.process <= 0 || (kill(static_cast<pid_t>(server.process), 0) != 0 && errno == ESRCH)) return {};
  return server;
}

void DataFolder::set_running(const std::optional<RunningServer>& server) const {
  const std::string path = path_ + "/running.json";
  if (!server) {
    ::unlink(path.c_str());
    return;
  }
  // Only a convenience for other commands: without it they cannot name the server, no more.
  std::ofstream(path) << nlohmann::json{{"url", server->url}, {"process", server->process}}.dump() << "\n";
}

std::optional<uint64_t> DataFolder::free_bytes() const {
  std::error_code error;
  const fs::space_info space = fs::space(path_, error);
  if (error) return {};
  return space.available;
}

}  // namespace cityloom::app
