// Any request at any door of a small city: NGSI-LD, tiles, terrain, underground, search, export. It is answered, in
// bounded time, and never with 500. An input is "METHOD TARGET", header lines, an empty line and the body.
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>

#include "serve/api/api.hpp"
#include "serve/ngsi/api.hpp"
#include "space/objects/objects.hpp"
#include "space/roads.hpp"
#include "space/space.hpp"
#include "space/terrain/terrain.hpp"
#include "space/terrain/terrain_tiles.hpp"
#include "space/tiles/tiles.hpp"
#include "space/vector/vector_tiles.hpp"
#include "store/store.hpp"

namespace cityloom::serve {
namespace {

constexpr int requests_of_one_city = 2'000;  // then a new one, so that what they write does not pile up
constexpr int pulls_max = 20;

constexpr std::string_view osm_file = R"(<osm version="0.6">
<node id="1" lat="37.5" lon="127.1"/><node id="2" lat="37.5" lon="127.101"/><node id="3" lat="37.501" lon="127.101"/>
<node id="4" lat="37.501" lon="127.1"/><node id="5" lat="37.5005" lon="127.099"/><node id="6" lat="37.5005" lon="127.103"/>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/><tag k="building" v="apartments"/>
<tag k="building:levels" v="5"/><tag k="name:ko" v="집"/></way>
<way id="11"><nd ref="5"/><nd ref="6"/><tag k="highway" v="residential"/><tag k="name" v="Way"/></way>
<node id="7" lat="37.5002" lon="127.1005"><tag k="amenity" v="bench"/></node></osm>)";
constexpr std::string_view pipes_file = R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"p1",
"properties":{"type":"Pipe","diameter_m":0.5},"geometry":{"type":"LineString","coordinates":
[[127.1,37.5,18],[127.102,37.5005,17]]}}]})";

void check(bool holds) {
  if (!holds) std::abort();
}

/// A request that waits on the fuzzer's own worker.
class Waiting final : public Exchange {
 public:
  void send(Response response) override {
    const std::lock_guard lock(mutex_);
    check(!response_);
    response_ = std::move(response);
    changed_.notify_all();
  }
  void post(absl::AnyInvocable<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_all();
  }
  bool post_long(absl::AnyInvocable<void()>& task) override {
    post(std::move(task));
    return true;
  }
  Response wait() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return response_ || !tasks_.empty(); });
      if (response_) return std::move(*response_);
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<absl::AnyInvocable<void()>> tasks_;
  std::optional<Response> response_;
};

class City {
 public:
  City()
      : clock_(*base::Instant::parse("2026-11-22T08:00:00Z")),
        gate_(trust::make_open_gate()),
        tenants_(std::move(*thread::Thread::open(store::make_memory_store(), clock_))),
        ngsi_(std::move(*NgsiApi::open(tenants_, *gate_, clock_))) {
    space::ThreadSink sink(tenants_.main());
    check(space::import_bytes("city.osm", osm_file, sink, {}).ok());
    check(space::import_bytes("pipes.geojson", pipes_file, sink, {}).ok());
    terrain_ = space::Terrain::follow(tenants_.main());
    terrain_tiles_ = std::make_unique<space::TerrainTiles>(*terrain_);
    tiles_ = space::CityTiles::follow(tenants_.main());
    roads_ = space::RoadMap::follow(tenants_.main());
    vector_tiles_ = space::VectorTiles::of(tenants_.main());
    check(tiles_->wait_for(tenants_.main().head(), 10'000).ok());
    ngsi_->add_routes(router_);
    api_ = std::make_unique<Api>(router_, services());
  }

  Response ask(Request& request) {
    clock_.advance_us(1'000);
    auto waiting = std::make_shared<Waiting>();
    dispatch(router_, *gate_, request, Reply(waiting));
    return waiting->wait();
  }

 private:
  ApiServices services() {
    ApiServices services;
    services.tenants = &tenants_;
    services.clock = &clock_;
    services.gate = gate_.get();
    services.tiles = tiles_.get();
    services.roads = roads_.get();
    services.terrain = terrain_.get();
    services.terrain_tiles = terrain_tiles_.get();
    services.vector_tiles = vector_tiles_.get();
    services.link_push = [](std::string_view, std::string, const std::function<void(base::Status)>& done) {
      done(base::fail(base::Code::not_found, "there is no such link"));
    };
    services.import = [](std::string_view name, std::string_view bytes, const space::ImportOptions& options,
                         thread::Thread& thread, thread::BranchId branch) {
      space::ThreadSink sink(thread, branch);
      space::ImportOptions few = options;
      few.nodes_max = 10'000;
      return space::import_bytes(name, bytes, sink, few);
    };
    return services;
  }

  base::ManualClock clock_;
  std::unique_ptr<trust::Gate> gate_;
  Tenants tenants_;
  std::unique_ptr<NgsiApi> ngsi_;
  std::unique_ptr<space::Terrain> terrain_;
  std::unique_ptr<space::TerrainTiles> terrain_tiles_;
  std::unique_ptr<space::CityTiles> tiles_;
  std::unique_ptr<space::RoadMap> roads_;
  std::unique_ptr<space::VectorTiles> vector_tiles_;
  Router router_;
  std::unique_ptr<Api> api_;
};

std::string_view take_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

bool read_request(std::string_view text, Request& request) {
  const std::string_view line = take_line(text);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !line.substr(space + 1).starts_with('/')) return false;
  if (!request.set_target(method_of(line.substr(0, space)), line.substr(space + 1))) return false;
  while (!text.empty()) {
    const std::string_view header = take_line(text);
    if (header.empty()) break;
    const size_t colon = header.find(": ");
    if (colon == std::string_view::npos) return false;
    request.add_header(header.substr(0, colon), header.substr(colon + 2));
  }
  request.set_body(text);
  request.set_address("127.0.0.1");
  return true;
}

void drain(Response& response) {
  auto* source = std::get_if<std::unique_ptr<BodySource>>(&response.body);
  if (source == nullptr) return;
  (*source)->start(Waker());
  std::string bytes;
  for (int i = 0; i < pulls_max; ++i) {
    if ((*source)->pull(bytes, 65'536) != BodySource::Pulled::more) break;
  }
}

}  // namespace
}  // namespace cityloom::serve

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::serve;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Contexts and subscribers at other addresses: a fuzzer calls nobody.
  if (text.find("//") != std::string::npos || text.find("\\/") != std::string::npos) return -1;
  Request request;
  if (!read_request(text, request)) return -1;
  static std::unique_ptr<City> city;
  static int requests = 0;
  if (requests++ % requests_of_one_city == 0) {
    city.reset();
    city = std::make_unique<City>();
  }
  Response response = city->ask(request);
  check(response.status >= 200 && response.status < 600 && response.status != 500);
  drain(response);
  return 0;
}
