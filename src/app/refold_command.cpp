// cityloom refold: the views deleted, folded again from the first commit, and compared.
#include <cstdio>

#include "app/command.hpp"
#include "app/progress.hpp"
#include "app/record_work.hpp"
#include "store/store.hpp"

namespace cityloom::app {
namespace {

/// The digest of the views as they are stored after everything is folded.
base::Result<uint64_t> digest_of(const DataFolder& folder, const std::string& tenant, const Arguments& arguments,
                                 const base::Clock& clock) {
  auto thread = open_with_progress(folder, tenant, clock, arguments.settings);
  if (!thread) return thread.error();
  if (base::Status status = (*thread)->checkpoint(); !status) return status.error();
  return (*thread)->views_digest();
}

base::Status clear(const DataFolder& folder, const std::string& tenant) {
  auto store = store::open_embedded(folder.record_folder(tenant));
  if (!store) return store.error();
  return thread::clear_views(**store);
}

ExitCode refold_tenant(const DataFolder& folder, const std::string& tenant, const Arguments& arguments,
                       const base::Clock& clock) {
  Progress progress("refold" + (tenant.empty() ? "" : " of " + tenant), clock);
  const auto before = digest_of(folder, tenant, arguments, clock);
  // Views that cannot be read, or are of an earlier version, are why one folds again.
  if (!before && before.error().code != base::Code::corrupt)
    return complain(before.error(), exit_code_of_data(before.error()));
  if (base::Status status = clear(folder, tenant); !status) return complain(status.error(), ExitCode::data_folder);
  const auto after = digest_of(folder, tenant, arguments, clock);
  if (!after) return complain(after.error(), exit_code_of_data(after.error()));
  if (!before) {
    progress.finish("the views before could not be read (" + before.error().what + "); the new ones are in place");
    return ExitCode::ok;
  }
  if (*before == *after) {
    progress.finish("the views are as they were, byte for byte");
    return ExitCode::ok;
  }
  // A version that folds otherwise is a reason to refold; the new views are the right ones.
  progress.finish("the views differ from those before; the new ones are in place");
  return arguments.option("--changed-is-fine") != nullptr ? ExitCode::ok : ExitCode::failed;
}

ExitCode work_refold(const Arguments& arguments) {
  const base::SystemClock clock;
  const auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::fail);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  std::vector<std::string> tenants = folder->tenants();
  tenants.insert(tenants.begin(), "");
  ExitCode code = ExitCode::ok;
  for (const std::string& tenant : tenants) {
    const ExitCode one = refold_tenant(*folder, tenant, arguments, clock);
    if (one != ExitCode::ok) code = one;
  }
  return code;
}

ExitCode run_refold(const Arguments& arguments) {
  return guarded(work_refold, arguments);
}

}  // namespace

Command refold_command() {
  std::vector<Option> options = data_options();
  options.push_back({"--changed-is-fine", "", "end with 0 also where the new views differ from the old", ""});
  return {"refold",
          "Fold all views again from the record",
          "[OPTION...]",
          "Needs a stopped server. Ends with 1 where the new views differ from the old: unless a new version folds "
          "otherwise,\n"
          "that is a mistake of ours worth a report.\n",
          std::move(options),
          run_refold};
}

}  // namespace cityloom::app
