// POST /api/backup: a backup made by the server that holds the record.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/backup.hpp"
#include "app/doors.hpp"
#include "ngsi/body.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;

base::Result<std::string> folder_of(std::string_view body) {
  if (const auto read = ngsi::Body::read(body, {.bytes_max = 64u << 10}); !read.ok())
    return fail(Code::invalid, read.error().what, read.error().where, read.error().remedy);
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.value("folder", nlohmann::json()).is_string()) {
    return fail(Code::invalid, "the body is no {\"folder\": PATH}");
  }
  const std::string folder = json.at("folder").get<std::string>();
  if (!std::filesystem::path(folder).is_absolute()) {
    return fail(Code::invalid, "the folder is no absolute path", folder, "name it from / on");
  }
  return folder;
}

base::Result<serve::Response> make_backup(const DoorParts& parts, const serve::Request& request) {
  const auto target = folder_of(request.body());
  if (!target) return target.error();
  if (base::Status status = prepare_backup(*target); !status) return status.error();
  // Tenants that nobody has asked for yet are opened, so that the backup is whole.
  for (const std::string& name : parts.folder.tenants()) {
    if (const auto tenant = parts.tenants.find(name); !tenant) return tenant.error();
  }
  uint64_t records = 0;
  for (const auto& [name, thread] : parts.tenants.open_tenants()) {
    if (base::Status status = backup_record(*thread, name, *target); !status) return status.error();
    ++records;
  }
  if (base::Status status = finish_backup(*target); !status) return status.error();
  return serve::Response::json(nlohmann::json{{"folder", *target}, {"records", records}}.dump());
}

}  // namespace

void add_backup_door(serve::Router& router, const DoorParts& parts) {
  serve::Route route;
  route.method = serve::Method::post;
  route.path = "/api/backup";
  route.action = trust::Action::administer;
  route.operation_id = "makeBackup";
  route.tag = "Administration";
  route.summary = "Copy the record into an empty folder of the server's machine while writes go on";
  route.handler = serve::answer_or_fail([parts](const serve::Request& request) { return make_backup(parts, request); });
  route.request_body = {
      {"application/json", R"({"type":"object","required":["folder"],"properties":{"folder":{"type":"string"}}})"}};
  route.answers = {{200, "Done", {{"application/json", R"({"type":"object"})"}}}};
  route.blocking = true;
  router.add(std::move(route));
}

}  // namespace cityloom::app
