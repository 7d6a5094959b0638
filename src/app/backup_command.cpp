// cityloom backup and restore: a backup is a data folder by itself.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/backup.hpp"
#include "app/command.hpp"
#include "app/http_client.hpp"
#include "app/progress.hpp"
#include "app/record_work.hpp"

namespace cityloom::app {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::fail;

ExitCode backup_of_server(const RunningServer& server, const std::string& target) {
  std::fprintf(stderr, "backup: asking the server at %s\n", server.url.c_str());
  const std::string body = nlohmann::json{{"folder", fs::absolute(target).string()}}.dump();
  const auto answer = post_text(server.url + "/api/backup", "application/json", body, 3600);
  if (!answer) return complain(answer.error(), ExitCode::failed);
  if (answer->status != 200) return complain(error_of(*answer, server.url), ExitCode::failed);
  std::fprintf(stderr, "backup: written to %s\n", target.c_str());
  return ExitCode::ok;
}

ExitCode work_backup(const Arguments& arguments) {
  const base::SystemClock clock;
  const auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::fail);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  const std::string& target = arguments.names[0];
  if (const auto server = folder->running(); server && server->process != getpid()) {
    return backup_of_server(*server, target);
  }
  Progress progress("backup: " + target, clock);
  if (base::Status status = prepare_backup(target); !status) return complain(status.error(), ExitCode::data_folder);
  std::vector<std::string> tenants = folder->tenants();
  tenants.insert(tenants.begin(), "");
  for (const std::string& tenant : tenants) {
    auto thread = open_with_progress(*folder, tenant, clock, arguments.settings);
    if (!thread) return complain(thread.error(), exit_code_of_data(thread.error()));
    const base::Status status = backup_record(**thread, tenant, target);
    if (!status) return complain(status.error(), exit_code_of_data(status.error()));
  }
  if (base::Status status = finish_backup(target); !status) return complain(status.error(), ExitCode::data_folder);
  progress.finish(grouped(tenants.size()) + (tenants.size() == 1 ? " record" : " records"));
  return ExitCode::ok;
}

ExitCode run_backup(const Arguments& arguments) {
  if (arguments.names.size() != 1) {
    return complain(fail(Code::invalid, "name the folder that the backup goes to", "", "cityloom backup FOLDER"),
                    ExitCode::usage);
  }
  return guarded(work_backup, arguments);
}

/// Copies the backup beside the target first, so that a half copy never looks like a data folder.
base::Status copy_backup(const std::string& source, const std::string& target) {
  std::error_code error;
  const std::string unfinished = target + ".restoring";
  fs::remove_all(unfinished, error);
  fs::create_directories(fs::path(unfinished).parent_path(), error);
  fs::copy(source, unfinished, fs::copy_options::recursive, error);
  if (!error) fs::remove(unfinished + "/running.json", error);
  if (!error) fs::remove(target, error);  // An empty folder may stand there.
  if (!error) fs::rename(unfinished, target, error);
  if (!error) return {};
  const std::string reason = error.message();
  fs::remove_all(unfinished, error);
  return fail(Code::unavailable, "the backup cannot be copied: " + reason, target,
              "is there room, and may you write there?");
}

ExitCode work_restore(const Arguments& arguments) {
  const base::SystemClock clock;
  const std::string& source = arguments.names[0];
  const std::string target = fs::path(arguments.settings.data + "/.").lexically_normal().parent_path().string();
  std::error_code error;
  if (!fs::exists(source + "/cityloom.json", error) || !fs::is_directory(source + "/tenants", error)) {
    return complain(
        fail(Code::not_found, "this is no backup of Cityloom", source, "name a folder that `cityloom backup` made"),
        ExitCode::input);
  }
  if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
    return complain(fail(Code::already_exists, "the data folder is not empty; nothing was changed", target,
                         "name a new one by --data, or move this one away first"),
                    ExitCode::data_folder);
  }
  Progress progress("restore: " + target, clock);
  if (base::Status status = copy_backup(source, target); !status)
    return complain(status.error(), ExitCode::data_folder);
  const auto folder = DataFolder::open(target, DataFolder::Absent::fail);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  const auto thread = open_with_progress(*folder, "", clock, arguments.settings);
  if (!thread) return complain(thread.error(), ExitCode::input);
  progress.finish("record up to commit " + grouped((*thread)->head().number) + " restored");
  return ExitCode::ok;
}

ExitCode run_restore(const Arguments& arguments) {
  if (arguments.names.size() != 1) {
    return complain(fail(Code::invalid, "name the backup to restore from", "", "cityloom restore --data DIR BACKUP"),
                    ExitCode::usage);
  }
  return guarded(work_restore, arguments);
}

}  // namespace

Command backup_command() {
  return {"backup",
          "Copy the record while it is in use, or stopped",
          "[OPTION...] FOLDER",
          "FOLDER must not exist or be empty. A backup is a data folder by itself. Where a server runs over the data "
          "folder,\n"
          "it is asked to make the backup; writes go on meanwhile.\n",
          data_options(),
          run_backup};
}

Command restore_command() {
  return {"restore",
          "Make a data folder from a backup",
          "[OPTION...] BACKUP",
          "The data folder (--data) must not exist or be empty. The record is opened and checked at the end.\n",
          data_options(),
          run_restore};
}

}  // namespace cityloom::app
