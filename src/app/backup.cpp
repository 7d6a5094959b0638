// Backup, step by step.
#include "app/backup.hpp"

#include <filesystem>

#include "app/data_folder.hpp"

namespace cityloom::app {

namespace fs = std::filesystem;
using base::Code;
using base::fail;

base::Status prepare_backup(const std::string& target) {
  std::error_code error;
  if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
    return fail(Code::already_exists, "the folder for the backup is not empty; nothing was written", target,
                "name a new one");
  }
  error.clear();
  fs::create_directories(target + "/tenants", error);
  if (error) return fail(Code::unavailable, "cannot write the backup: " + error.message(), target);
  return {};
}

base::Status backup_record(thread::Thread& thread, std::string_view tenant, const std::string& target) {
  return thread.backup(target + "/tenants/" + std::string(tenant.empty() ? main_tenant : tenant));
}

base::Status finish_backup(const std::string& target) {
  return write_folder_marker(target);
}

}  // namespace cityloom::app
