// Any bytes as a building model: entities, warnings or an error, in bounded time and memory.
#include <cstdlib>

#include "space/ifc/ifc_solid.hpp"
#include "space/space.hpp"

namespace {

using namespace cityloom;

// Checks what it is given and keeps nothing.
class CheckingSink final : public space::ImportSink {
 public:
  twin::TermTable& terms() override { return terms_; }
  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override {
    thread::Outcomes outcomes;
    for (const thread::Change& change : changes) {
      for (const twin::Attribute& attribute : change.attributes) {
        const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
        if (geometry != nullptr && !geometry->check()) std::abort();
      }
      std::vector<twin::Fact> facts;
      outcomes.push_back(thread::decide(change, {}, facts));
    }
    return outcomes;
  }
  base::Status each_of_source(twin::Term, std::string_view, const std::function<void(const twin::Entity&)>&) override {
    return {};
  }
  base::Result<std::string> put_asset(std::string_view bytes) override {
    if (bytes.size() > thread::asset_bytes_max) return base::fail(base::Code::too_large, "too large an asset");
    return thread::asset_name(bytes);
  }

 private:
  twin::TermTable terms_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CheckingSink sink;
  space::ImportOptions options;
  options.placement = space::Placement{127.1, 37.51, 40, 30};
  const auto report = space::import_bytes("fuzz.ifc", bytes, sink, options);
  if (!report && report.error().what.empty()) std::abort();
  return 0;
}
