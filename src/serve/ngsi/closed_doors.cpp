// Doors of the standard that are still closed: each says so rather than answer 404 as if it were no address at all.
#include "serve/ngsi/routes.hpp"

namespace cityloom::serve::ngsi_ld {
namespace {

using base::Code;
using ngsi::ProblemType;

void refuse(Call call, const char* what, const char* remedy) {
  call.fail(ProblemType::operation_not_supported,
            {Code::unsupported, what, std::string(call.request().path()), remedy});
}

// NGSI-LD: 5.14 entity maps (not yet)
void entity_maps(Call call) {
  refuse(std::move(call), "entity maps are not supported here yet", "page with limit and offset");
}

// NGSI-LD: 5.16 snapshots (not yet)
void snapshots(Call call) {
  refuse(std::move(call), "snapshots are not supported here yet",
         "use the parameters asOf and branch, or /api/branches");
}

struct Closed {
  Method method;
  const char* path;
  const char* operation_id;
  void (*run)(Call);
};

constexpr Closed closed_doors[] = {
    {Method::get, "/entityMaps/{entityMapId}", "retrieveEntityMap", entity_maps},
    {Method::patch, "/entityMaps/{entityMapId}", "updateEntityMap", entity_maps},
    {Method::del, "/entityMaps/{entityMapId}", "deleteEntityMap", entity_maps},
    {Method::post, "/snapshots", "createSnapshot", snapshots},
    {Method::del, "/snapshots", "purgeSnapshots", snapshots},
    {Method::get, "/snapshots/{snapshotId}", "retrieveSnapshot", snapshots},
    {Method::patch, "/snapshots/{snapshotId}", "updateSnapshot", snapshots},
    {Method::del, "/snapshots/{snapshotId}", "deleteSnapshot", snapshots},
    {Method::post, "/snapshots/{snapshotId}/clone", "cloneSnapshot", snapshots},
};

}  // namespace

void add_closed_doors(Router& router, Services& services) {
  for (const Closed& door : closed_doors) {
    const trust::Action action = door.method == Method::get ? trust::Action::read : trust::Action::write;
    Route route{
        door.method, door.path, action, door.operation_id, {}, "Not yet", {}, {}, {}, {{422, "Not supported yet", {}}}};
    Form form;
    form.any_parameter = true;
    add_operation(router, services, std::move(route), form, door.run);
  }
}

}  // namespace cityloom::serve::ngsi_ld
