// Any bytes as a file: the XML reader and the import answer with entities, warnings or an error, in bounded memory.
#include <cstdlib>

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
  options.nodes_max = 10'000;
  for (const char* name : {"fuzz.osm", "fuzz.osm.gz"}) {
    const auto report = space::import_bytes(name, bytes, sink, options);
    if (!report && report.error().what.empty()) std::abort();
  }
  return 0;
}
