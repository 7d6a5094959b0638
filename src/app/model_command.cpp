// cityloom model: what models there are, what they need, and runs of them.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>

#include "app/command.hpp"
#include "app/interrupt.hpp"
#include "app/progress.hpp"
#include "model/describe.hpp"
#include "model/job_folder.hpp"
#include "model/json_file.hpp"
#include "model/validation_page.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using base::Result;
using model::Json;

ExitCode print(const Json& json) {
  std::printf("%s\n", json.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return ExitCode::ok;
}

Result<const model::Model*> named_model(const Arguments& arguments) {
  if (arguments.names.size() < 2)
    return fail(Code::invalid, "no model is named", "", "`cityloom model list` names them");
  const model::Model* const found = model::find_model(arguments.names[1]);
  if (found == nullptr)
    return fail(Code::invalid, "there is no model \"" + arguments.names[1] + "\"", "",
                "`cityloom model list` names them");
  return found;
}

ExitCode list_models() {
  Json all = Json::array();
  for (const model::Model& each : model::known_models()) all.push_back(model::summary_of(each.declaration));
  return print(all);
}

ExitCode describe_model(const Arguments& arguments) {
  const auto model = named_model(arguments);
  return model ? print(model::description_of((*model)->declaration)) : complain(model.error(), ExitCode::usage);
}

// The JSON object of --inputs: a file, or "-" for the standard input; absent: nothing is given.
Result<Json> inputs_of(const Arguments& arguments) {
  const std::string* path = arguments.option("--inputs");
  if (path == nullptr) return Json::object();
  std::string text;
  if (path->starts_with("{")) {
    text = *path;
  } else if (*path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream in(*path, std::ios::binary);
    if (!in) return fail(Code::not_found, "cannot be opened", *path);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(Code::invalid, "not JSON", *path, "write {\"name\": value, ...}");
  return json;
}

Result<uint64_t> number_option(const Arguments& arguments, const std::string& name, uint64_t otherwise) {
  const std::string* text = arguments.option(name);
  if (text == nullptr) return otherwise;
  uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc() || end != text->data() + text->size())
    return fail(Code::invalid, "\"" + *text + "\" is no whole number", name);
  return number;
}

Result<model::Ensemble> ensemble_of(const Arguments& arguments) {
  model::Ensemble ensemble;
  const auto members = number_option(arguments, "--members", 1);
  if (!members) return members.error();
  ensemble.members = *members;
  if (const std::string* text = arguments.option("--sweep"); text != nullptr) {
    ensemble.sweep = Json::parse(*text, nullptr, false);
    if (!ensemble.sweep.is_object())
      return fail(Code::invalid, "not a JSON object", "--sweep", R"(write {"rain_mm_h": [40, 60, 80]})");
  }
  return ensemble;
}

ExitCode run_model(const Arguments& arguments) {
  const auto model = named_model(arguments);
  if (!model) return complain(model.error(), ExitCode::usage);
  const auto seed = number_option(arguments, "--seed", 0);
  if (!seed) return complain(seed.error(), ExitCode::usage);
  auto inputs = inputs_of(arguments);
  if (!inputs) return complain(inputs.error(), ExitCode::input);
  const std::string* folder = arguments.option("--output");
  if (folder != nullptr) {
    std::error_code error;
    std::filesystem::create_directories(*folder, error);
    if (error) return complain(fail(Code::unavailable, "cannot be made", *folder), ExitCode::failed);
  }
  const auto ensemble = ensemble_of(arguments);
  if (!ensemble) return complain(ensemble.error(), ExitCode::usage);
  const model::Request request{(*model)->declaration.id, "", std::move(*inputs), *seed, 0, *ensemble};
  const base::SystemClock clock;
  Progress progress("model " + request.model, clock);
  const Interrupt interrupt;
  model::Run run;
  run.seed = *seed;
  run.progress = [&](double part, std::string_view what) {
    progress.report(static_cast<uint64_t>(part * 100), 100, "% " + std::string(what));
    return !interrupt.asked();
  };
  const auto start = std::chrono::steady_clock::now();
  const auto outcome = model::run_request(request, folder != nullptr ? *folder : "", run);
  if (!outcome)
    return complain(outcome.error(), outcome.error().code == Code::cancelled ? ExitCode::interrupted
                                                                             : exit_code_of_input(outcome.error()));
  Json json = model::json_of(*outcome);
  json["model"] = request.model;
  json["version"] = (*model)->declaration.version;
  json["seed"] = *seed;
  json["seconds"] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return print(json);
}

/// What is written where memory ends: nothing can be made any more then, so it lies ready.
struct OutOfMemory {
  std::string path, text;
};
OutOfMemory& out_of_memory() {
  static OutOfMemory ready;
  return ready;
}

void end_for_memory() {
  const OutOfMemory& ready = out_of_memory();
  const int file = open(ready.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file >= 0) [[maybe_unused]]
    const ssize_t written = write(file, ready.text.data(), ready.text.size());
  _exit(static_cast<int>(ExitCode::failed));
}

void limit_memory(const std::string& folder, uint64_t bytes) {
  const Json error = model::json_of(fail(Code::too_large, "the run needed more memory than a run may have", "",
                                         "ask for a smaller area or coarser cells"));
  out_of_memory() = {folder + "/result.json", Json{{"error", error}}.dump()};
  std::set_new_handler(end_for_memory);
  const rlimit limit{bytes, bytes};
  setrlimit(RLIMIT_DATA, &limit);
}

// What a runner starts: reads and writes the folder, tells its progress as lines of JSON, ends with whoever started it.
ExitCode run_folder(const Arguments& arguments) {
  if (arguments.names.size() != 2) return complain(fail(Code::invalid, "no folder is named"), ExitCode::usage);
  const auto memory = number_option(arguments, "--memory-bytes", 0);
  if (!memory) return complain(memory.error(), ExitCode::usage);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (*memory > 0) limit_memory(arguments.names[1], *memory);
  const Interrupt interrupt;
  model::Run run;
  run.progress = [&](double part, std::string_view what) {
    const Json line = {{"part", part}, {"what", what}};
    std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    std::fflush(stdout);
    return !interrupt.asked();
  };
  const base::Status ended = model::run_folder(arguments.names[1], run);
  return ended ? ExitCode::ok : complain(ended.error(), ExitCode::failed);
}

ExitCode validate_models(const Arguments& arguments) {
  std::vector<const model::Model*> models;
  if (arguments.names.size() > 1) {
    const auto model = named_model(arguments);
    if (!model) return complain(model.error(), ExitCode::usage);
    models.push_back(*model);
  } else {
    for (const model::Model& each : model::known_models()) models.push_back(&each);
  }
  Json all = Json::array();
  bool hold = true;
  for (const model::Model* each : models) {
    if (!each->validate) continue;
    const model::Validation cases = each->validate();
    for (const model::ValidationCase& one : cases) hold = hold && one.holds();
    all.push_back(model::json_of(each->declaration, cases));
    const std::string* folder = arguments.option("--output");
    if (folder == nullptr) continue;
    std::error_code ignored;
    std::filesystem::create_directories(*folder, ignored);
    if (auto written = model::write_validation_page(*folder, each->declaration, cases); !written)
      return complain(written.error(), ExitCode::failed);
  }
  print(all);
  return hold ? ExitCode::ok : ExitCode::failed;
}

ExitCode run_model_command(const Arguments& arguments) {
  const std::string what = arguments.names.empty() ? "" : arguments.names[0];
  if (what == "list") return list_models();
  if (what == "describe") return describe_model(arguments);
  if (what == "run") return run_model(arguments);
  if (what == "run-folder") return run_folder(arguments);
  if (what == "validate") return validate_models(arguments);
  return complain(fail(Code::invalid, "what to do is not said", "",
                       "`cityloom model list`, `describe ID`, `run ID --inputs FILE` or `validate [ID]`"),
                  ExitCode::usage);
}

}  // namespace

Command model_command() {
  return {
      "model",
      "List, describe, run and validate models",
      "list | describe ID | run ID [--inputs FILE] [--sweep JSON] [--members N] [--seed N] [--output DIR] | validate "
      "[ID] [--output DIR]",
      "`list` and `describe` tell what models there are and what they need. `run` takes the inputs as a JSON object\n"
      "(- for the standard input), writes maps as GeoTIFF into --output, and prints what came of it as JSON: values,\n"
      "facts, files. `validate` computes the published cases of a model, prints ours beside them, writes a page with\n"
      "pictures into --output, and ends with 1 if one of them is missed.\n",
      {{"--inputs", "FILE", "a JSON object of inputs, or a file with one; - reads the standard input", ""},
       {"--output", "DIR", "where maps or pages are written", ""},
       {"--seed", "N", "of all chance in the run (default 0)", ""},
       {"--sweep", "JSON", "lists of values by input: every combination is run, over all cores", ""},
       {"--members", "N", "run each N times, with seeds that follow on --seed", ""},
       {"--memory-bytes", "N", "of `run-folder`, which the hub itself starts: what it may take", ""}},
      run_model_command};
}

}  // namespace cityloom::app
