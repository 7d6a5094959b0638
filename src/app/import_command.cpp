// cityloom import: files into a stopped data folder, or over HTTP into a running server.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command.hpp"
#include "app/http_client.hpp"
#include "app/progress.hpp"
#include "app/record_work.hpp"
#include "space/import_options.hpp"

namespace cityloom::app {
namespace {

// The options of the import among the arguments. Errors: invalid.
base::Result<space::ImportOptions> import_options(const Arguments& arguments) {
  space::ImportOptions options;
  for (const space::ImportOptionName& option : space::import_option_names()) {
    const std::string* value = arguments.option("--" + std::string(option.name));
    if (value == nullptr) continue;
    if (auto status = space::set_import_option(options, option.name, *value); !status) return status.error();
  }
  return options;
}

std::string import_query(const Arguments& arguments) {
  std::string query;
  for (const space::ImportOptionName& option : space::import_option_names()) {
    const std::string* value = arguments.option("--" + std::string(option.name));
    if (value != nullptr) query += "&" + std::string(option.name) + "=" + url_escaped(*value);
  }
  return query;
}

/// Shows how far a server is with an import, asked twice a second for as long as this exists.
class ServerProgress {
 public:
  /// `server` without a slash at its end; `id` as the import was given it.
  ServerProgress(std::string server, std::string id, Progress& progress)
      : asking_([this, url = std::move(server) + "/api/imports", name = std::move(id),
                 &progress](const std::stop_token& stop) { ask(stop, url, name, progress); }) {}

 private:
  void ask(const std::stop_token& stop, const std::string& url, const std::string& id, Progress& progress) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    while (!changed_.wait_for(lock, stop, std::chrono::milliseconds(500), [&] { return stop.stop_requested(); })) {
      const auto answer = get_text(url, 2);
      const auto imports = nlohmann::json::parse(answer ? answer->body : "", nullptr, false);
      if (!imports.is_object()) continue;
      for (const auto& import : imports.value("imports", nlohmann::json::array())) {
        if (!import.is_object() || import.value("id", "") != id) continue;
        progress.report(import.value("bytesDone", uint64_t{0}), import.value("bytesTotal", uint64_t{0}), "bytes");
      }
    }
  }

  std::condition_variable_any changed_;
  std::jthread asking_;  // last: it uses the others
};

ExitCode import_to_server(const std::string& server, const Arguments& arguments) {
  const std::vector<std::string>& files = arguments.names;
  const base::SystemClock clock;
  std::string base = server;
  while (!base.empty() && base.back() == '/') base.pop_back();
  for (const std::string& file : files) {
    const std::string name = std::filesystem::path(file).filename().string();
    std::fprintf(stderr, "importing %s: sending it to %s\n", file.c_str(), base.c_str());
    Progress progress("importing " + file, clock);
    const std::string id = "command-" + std::to_string(getpid()) + "-" + std::to_string(clock.now().microseconds);
    const std::string url = base + "/api/import?name=" + url_escaped(name) + "&id=" + id + import_query(arguments);
    auto showing = std::make_unique<ServerProgress>(base, id, progress);
    const auto answer = post_file(url, file);
    showing.reset();
    if (!answer) return complain(answer.error(), exit_code_of_input(answer.error()));
    if (answer->status != 200) {
      return complain(error_of(*answer, file), answer->status < 500 ? ExitCode::input : ExitCode::failed);
    }
    const nlohmann::json report = nlohmann::json::parse(answer->body, nullptr, false);
    const auto number = [&](const char* member) { return report.is_object() ? report.value(member, uint64_t{0}) : 0; };
    progress.finish(grouped(number("imported")) + " imported, " + grouped(number("unchanged")) + " unchanged, " +
                    grouped(number("removed")) + " removed, " + grouped(number("warningsCount")) + " warnings");
    if (number("imported") + number("unchanged") == 0 && number("warningsCount") > 0) {
      const auto reason = nlohmann::json::json_pointer("/warnings/0/reason");
      const bool is_told = report.contains(reason) && report.at(reason).is_string();
      return complain(
          base::fail(base::Code::invalid,
                     "nothing of it could be taken: " + (is_told ? report.at(reason).get<std::string>() : ""), file),
          ExitCode::input);
    }
  }
  return ExitCode::ok;
}

ExitCode import_to_folder(const Arguments& arguments) {
  const auto options = import_options(arguments);
  if (!options) return complain(options.error(), ExitCode::usage);
  const Interrupt interrupt;
  const base::SystemClock clock;
  const auto folder = DataFolder::open(arguments.settings.data, DataFolder::Absent::make);
  if (!folder) return complain(folder.error(), exit_code_of_data(folder.error()));
  const auto running = folder->running();
  auto thread = open_with_progress(*folder, "", clock, arguments.settings);
  if (!thread) {
    base::Error error = thread.error();
    if (error.code == base::Code::conflict && running) error.remedy = "import into that server by --to " + running->url;
    return complain(error, exit_code_of_data(error));
  }
  for (const std::string& name : arguments.names) {
    const base::Status status = std::filesystem::is_directory(name)
                                    ? import_city_folder(name, *options, *folder, **thread, clock, interrupt)
                                    : import_one_file(name, *options, **thread, clock, interrupt);
    if (!status) return complain(status.error(), exit_code_of_input(status.error()));
  }
  return ExitCode::ok;
}

ExitCode run_import(const Arguments& arguments) {
  if (arguments.names.empty()) {
    return complain(base::fail(base::Code::invalid, "no file was named", "", "cityloom import FILE..."),
                    ExitCode::usage);
  }
  const std::string* server = arguments.option("--to");
  return server != nullptr ? import_to_server(*server, arguments) : guarded(import_to_folder, arguments);
}

}  // namespace

Command import_command() {
  std::vector<Option> options = data_options();
  options.push_back({"--to", "URL", "send the files to this running server instead, e.g. http://127.0.0.1:8080", ""});
  for (const space::ImportOptionName& option : space::import_option_names()) {
    options.push_back({"--" + std::string(option.name), std::string(option.value), std::string(option.help), ""});
  }
  return {
      "import",
      "Bring the files of a city into the record",
      "[OPTION...] FILE...",
      "Knows " + space::known_formats() +
          ".\nA folder stands for the files in it. Importing again "
          "writes only what changed. A feature that cannot be read is told with its file and id and does not stop the "
          "rest, unless nothing is left: then the exit code is 5.\n",
      std::move(options),
      run_import};
}

}  // namespace cityloom::app
