// The doors of one server.
#include "app/doors.hpp"

namespace cityloom::app {
namespace {

class OpenDoors final : public Doors {
 public:
  OpenDoors(serve::Router& router, const DoorParts& parts) { add_backup_door(router, parts); }
  void set_server(const serve::Server&) override {}
  void set_city(const std::string&) override {}
};

}  // namespace

std::unique_ptr<Doors> add_doors(serve::Router& router, const DoorParts& parts) {
  return std::make_unique<OpenDoors>(router, parts);
}

}  // namespace cityloom::app
