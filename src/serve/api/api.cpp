// Cityloom's own doors, put together.
#include "serve/api/api.hpp"

#include <cassert>

#include "serve/api/doors.hpp"

namespace cityloom::serve {

std::shared_ptr<const Gazetteer> ApiState::gazetteer(const thread::Thread& thread) const {
  const std::lock_guard lock(mutex);
  const auto found = gazetteers.find(&thread);
  return found == gazetteers.end() ? nullptr : found->second.lock();
}

Parameter as_of_parameter() {
  return {Parameter::In::query, "asOf", "The city as recorded at that time (RFC 3339), or at that offset",
          R"({"type":"string"})", false};
}

Parameter branch_parameter() {
  return {Parameter::In::query, "branch", "Another branch than main", R"({"type":"string"})", false};
}

std::string schema_reference(std::string_view name) {
  return R"({"$ref":"#/components/schemas/)" + std::string(name) + R"("})";
}

struct Api::Parts {
  ApiStatePointer state;
};

Api::Api(Router& router, ApiServices services) : parts_(std::make_unique<Parts>()) {
  assert(services.tenants != nullptr && services.clock != nullptr && services.gate != nullptr);
  if (link::Links* const links = services.links; links != nullptr) {
    if (!services.link_status) services.link_status = [links] { return links->status(); };
    if (!services.link_push) {
      services.link_push = [links](std::string_view name, std::string payload, auto done) {
        links->push(name, std::move(payload), std::move(done));
      };
    }
  }
  const auto state = std::make_shared<ApiState>(std::move(services));
  parts_->state = state;
  state->services.tenants->on_open(
      [weak = std::weak_ptr<ApiState>(state)](const std::string&, thread::Thread& thread) -> std::shared_ptr<void> {
        const auto strong = weak.lock();
        if (strong == nullptr) return nullptr;
        auto gazetteer = std::make_shared<Gazetteer>(thread);
        const std::lock_guard lock(strong->mutex);
        strong->gazetteers[&thread] = gazetteer;
        return gazetteer;
      });
  add_health_doors(router, state);
  add_metrics_door(router, state);
  add_openapi_door(router);
  add_console_doors(router, state->services.console_folder);
  add_search_doors(router, state);
  add_link_doors(router, state);
  add_subscription_door(router, state);
  add_stream_door(router, state);
  add_branch_doors(router, state);
  add_scenario_doors(router, state);
  add_city_doors(router, state);
  add_import_doors(router, state);
  add_terrain_doors(router, state);
  add_underground_doors(router, state);
  add_transit_doors(router, state);
  add_points_door(router, state);
  add_indoor_doors(router, state);
  add_object_doors(router, state);
  add_vector_doors(router, state);
  add_raster_doors(router, state);
  add_export_door(router, state);
}

Api::~Api() = default;

void Api::set_server(const Server& server) {
  parts_->state->server.store(&server);
}

}  // namespace cityloom::serve
