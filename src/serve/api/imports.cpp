// /api/import and /api/imports: a file into the city, how far those under way are, and ending one.
#include <absl/cleanup/cleanup.h>
#include <absl/strings/ascii.h>

#include <algorithm>
#include <stop_token>

#include "serve/api/doors.hpp"
#include "serve/json.hpp"
#include "space/import_options.hpp"

namespace cityloom::serve {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t id_bytes_max = 64;

/// One import that a worker is at.
struct UnderWay {
  std::string id;
  std::string tenant;
  std::string name;
  base::Instant started;
  std::stop_source stop;
  std::mutex mutex;  // guards what follows
  std::string file;  // of an archive, the one within it
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
  uint64_t entities = 0;
};

/// The imports that workers are at: as many as there are workers for long work at most. Any worker.
class Desk {
 public:
  /// Errors: conflict (an import of this id is under way).
  Result<std::shared_ptr<UnderWay>> begin(std::string id, const Request& request, std::string_view name,
                                          base::Instant now) {
    const std::lock_guard lock(mutex_);
    if (id.empty()) id = "import-" + std::to_string(++numbers_given_);
    const bool is_taken = std::any_of(all_.begin(), all_.end(), [&](const auto& one) { return one->id == id; });
    if (is_taken)
      return fail(Code::conflict, "an import of this id is under way", "id", "leave id out, or choose another");
    auto import = std::make_shared<UnderWay>();
    import->id = std::move(id);
    import->tenant = request.tenant();
    import->name = name;
    import->started = now;
    all_.push_back(import);
    return import;
  }

  void end(const std::shared_ptr<UnderWay>& import) {
    const std::lock_guard lock(mutex_);
    std::erase(all_, import);
  }

  std::vector<std::shared_ptr<UnderWay>> of_tenant(std::string_view tenant) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<UnderWay>> found;
    for (const auto& import : all_) {
      if (import->tenant == tenant) found.push_back(import);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  uint64_t numbers_given_ = 0;
  std::vector<std::shared_ptr<UnderWay>> all_;
};
using DeskPointer = std::shared_ptr<Desk>;

bool is_id(std::string_view text) {
  return text.size() <= id_bytes_max && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_';
         });
}

Response report_response(const space::ImportReport& report) {
  JsonText json;
  json.open_object().member("imported", report.imported).member("unchanged", report.unchanged);
  json.member("removed", report.removed).key("entities").open_object();
  for (const auto& [type, count] : report.entities) json.member(type, count);
  json.close_object().member("warningsCount", report.warnings_count).key("warnings").open_array();
  for (const space::ImportWarning& warning : report.warnings) {
    json.open_object().member("file", warning.file).member("id", warning.object);
    json.member("reason", warning.reason).close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

/// The options that a request names. Errors: invalid.
Result<space::ImportOptions> options_of(const Request& request) {
  space::ImportOptions options;
  for (const space::ImportOptionName& option : space::import_option_names()) {
    const auto value = request.query_value(option.name);
    if (!value) continue;
    if (auto status = space::set_import_option(options, option.name, *value); !status) return status.error();
  }
  return options;
}

Result<Response> import_file(const ApiState& state, Desk& desk, const Request& request, const Reply& reply) {
  if (!state.services.import) return fail(Code::unsupported, "this server imports nothing");
  const std::string_view name = request.query_value("name").value_or("");
  if (name.empty() || name.size() > 255 || name.find_first_of("/\\") != std::string_view::npos) {
    return fail(Code::invalid, "name must be the file's name, without folders", "name");
  }
  const std::string_view id = request.query_value("id").value_or("");
  if (!is_id(id)) return fail(Code::invalid, "not up to 64 of A-Z, a-z, 0-9, - and _", "id");
  auto options = options_of(request);
  if (!options) return options.error();
  const auto writing = writing_of(*state.services.tenants, request);
  if (!writing) return writing.error();
  const auto begun = desk.begin(std::string(id), request, name, state.services.clock->now());
  if (!begun) return begun.error();
  const absl::Cleanup end = [&] { desk.end(*begun); };
  UnderWay& import = **begun;
  options->stop = import.stop.get_token();
  options->progress = [&](const space::ImportProgress& progress) {
    if (!reply.is_wanted()) import.stop.request_stop();
    const std::lock_guard lock(import.mutex);
    import.file = progress.file;
    import.bytes_done = progress.bytes_done;
    import.bytes_total = progress.bytes_total;
    import.entities = progress.entities;
  };
  const auto report = state.services.import(name, request.body(), *options, *writing->thread, writing->branch);
  if (report) return report_response(*report);
  base::Error error = report.error();
  // What is damaged is what the client sent, not what we hold.
  if (error.code == Code::corrupt) error.code = Code::invalid;
  return error;
}

Response list_imports(const Desk& desk, const Request& request) {
  JsonText json;
  json.open_object().key("imports").open_array();
  for (const auto& import : desk.of_tenant(request.tenant())) {
    const std::lock_guard lock(import->mutex);
    json.open_object().member("id", import->id).member("name", import->name).member("startedAt", import->started);
    json.member("file", import->file).member("bytesDone", import->bytes_done);
    json.member("bytesTotal", import->bytes_total).member("entities", import->entities).close_object();
  }
  json.close_array().close_object();
  return Response::json(json.take());
}

Result<Response> stop_import(const Desk& desk, const Request& request) {
  for (const auto& import : desk.of_tenant(request.tenant())) {
    if (import->id != request.path_value("importId")) continue;
    import->stop.request_stop();
    return Response::empty();
  }
  return fail(Code::not_found, "no import of this id is under way", std::string(request.path_value("importId")));
}

void add_list_door(Router& router, const DeskPointer& desk) {
  Route route;
  route.path = "/api/imports";
  route.operation_id = "listImports";
  route.tag = "City";
  route.summary = "The imports that are under way, and how far they are";
  route.handler = answer([desk](const Request& request) { return list_imports(*desk, request); });
  route.answers = {{200, "The imports", {{"application/json", schema_reference("Imports")}}}};
  router.add(std::move(route));
  router.add_schema("Imports", R"({"type":"object","required":["imports"],"properties":{"imports":{"type":"array",
    "items":{"type":"object","required":["id","name","startedAt","file","bytesDone","bytesTotal","entities"],
      "properties":{"id":{"type":"string"},"name":{"type":"string"},
        "startedAt":{"type":"string","format":"date-time"},
        "file":{"type":"string","description":"Of an archive, the file within it"},
        "bytesDone":{"type":"integer","description":"Of the file; each byte counts once for every pass over it"},
        "bytesTotal":{"type":"integer"},
        "entities":{"type":"integer","description":"Given to the record so far"}}}}}})");
}

void add_stop_door(Router& router, const DeskPointer& desk) {
  Route route;
  route.method = Method::del;
  route.path = "/api/imports/{importId}";
  route.action = trust::Action::write;
  route.operation_id = "stopImport";
  route.tag = "City";
  route.summary = "Ends an import that is under way; what it brought until then stays";
  route.handler = answer_or_fail([desk](const Request& request) { return stop_import(*desk, request); });
  route.answers = {{204, "It ends with its next batch", {}}};
  router.add(std::move(route));
}

}  // namespace

void add_import_doors(Router& router, const ApiStatePointer& state) {
  const auto desk = std::make_shared<Desk>();
  Route route;
  route.method = Method::post;
  route.path = "/api/import";
  route.action = trust::Action::write;
  route.operation_id = "importFile";
  route.tag = "City";
  route.summary = "Brings a file into the city, as `cityloom import` does; ends when the client goes";
  route.handler = [state, desk](const Request& request, Reply reply) {
    auto response = import_file(*state, *desk, request, reply);
    if (response) return reply.send(std::move(*response));
    reply.fail(response.error());
  };
  route.blocking = true;
  route.body_bytes_max = state->services.import_bytes_max;
  route.parameters = {
      {Parameter::In::query, "name", "The file's name, which says its kind", R"({"type":"string"})", true},
      {Parameter::In::query, "id", "What /api/imports knows it by; a number if absent",
       R"({"type":"string","pattern":"^[A-Za-z0-9_-]{1,64}$"})", false},
      branch_parameter()};
  for (const space::ImportOptionName& option : space::import_option_names()) {
    route.parameters.push_back(
        {Parameter::In::query, std::string(option.name), std::string(option.help), R"({"type":"string"})", false});
  }
  route.request_body = {{"application/octet-stream", ""}};
  route.answers = {{200, "What it did", {{"application/json", schema_reference("ImportReport")}}}};
  router.add(std::move(route));
  router.add_schema("ImportReport", R"({"type":"object",
    "required":["imported","unchanged","removed","entities","warningsCount","warnings"],"properties":{
    "imported":{"type":"integer"},"unchanged":{"type":"integer"},"removed":{"type":"integer"},
    "entities":{"type":"object","additionalProperties":{"type":"integer"}},"warningsCount":{"type":"integer"},
    "warnings":{"type":"array","items":{"type":"object","required":["file","id","reason"],"properties":{
      "file":{"type":"string"},"id":{"type":"string"},"reason":{"type":"string"}}}}}})");
  add_list_door(router, desk);
  add_stop_door(router, desk);
}

}  // namespace cityloom::serve
