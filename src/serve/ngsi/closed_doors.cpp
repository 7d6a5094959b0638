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

// NGSI-LD: 5.6.11 - 5.6.16 writes of the past (not yet)
void write_pasts(Call call) {
  refuse(std::move(call), "writing the past is not supported here yet",
         "write the entity with observedAt through /ngsi-ld/v1/entities");
}

// NGSI-LD: 5.9 - 5.12 context source registrations and their subscriptions (not yet)
void registrations(Call call) {
  refuse(std::move(call), "registrations of context sources are not supported here yet", "");
}

struct Closed {
  Method method;
  const char* path;
  const char* operation_id;
  void (*run)(Call);
};

constexpr Closed closed_doors[] = {
    {Method::post, "/temporal/entities", "upsertTemporal", write_pasts},
    {Method::del, "/temporal/entities/{entityId}", "deleteTemporal", write_pasts},
    {Method::post, "/temporal/entities/{entityId}/attrs", "appendAttrsTemporal", write_pasts},
    {Method::del, "/temporal/entities/{entityId}/attrs/{attrId}", "deleteAttrsTemporal", write_pasts},
    {Method::patch, "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}", "updateAttrsTemporal", write_pasts},
    {Method::del, "/temporal/entities/{entityId}/attrs/{attrId}/{instanceId}", "deleteAttrInstanceTemporal",
     write_pasts},
    {Method::post, "/csourceRegistrations", "createCSR", registrations},
    {Method::get, "/csourceRegistrations", "queryCSR", registrations},
    {Method::get, "/csourceRegistrations/{registrationId}", "retrieveCSR", registrations},
    {Method::patch, "/csourceRegistrations/{registrationId}", "updateCSR", registrations},
    {Method::del, "/csourceRegistrations/{registrationId}", "deleteCSR", registrations},
    {Method::post, "/csourceSubscriptions", "createCSRSubscription", registrations},
    {Method::get, "/csourceSubscriptions", "queryCSRSubscription", registrations},
    {Method::get, "/csourceSubscriptions/{subscriptionId}", "retrieveCSRSubscription", registrations},
    {Method::patch, "/csourceSubscriptions/{subscriptionId}", "updateCSRSubscription", registrations},
    {Method::del, "/csourceSubscriptions/{subscriptionId}", "deleteCSRSubscription", registrations},
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
