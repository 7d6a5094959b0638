// Any bytes as a network and its demand, parted by a zero: read within bounds, or refused; what is read can be run, and
// nobody is lost.
#include <cstdlib>
#include <string>

#include "model/traffic/mesoscopic.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cityloom::model::traffic;
  const std::string all(reinterpret_cast<const char*>(data), size);
  const size_t part = std::min(all.find('\0'), all.size());
  const auto net = XmlFile::parse(all.substr(0, part), "net");
  if (!net.ok()) return 0;
  auto network = read_network(*net);
  if (!network.ok()) return 0;
  auto routes = XmlFile::parse(part < all.size() ? all.substr(part + 1) : "", "routes");
  if (!routes.ok()) return 0;
  std::vector<XmlFile> files;
  files.push_back(std::move(routes).value());
  // A flow can ask for millions of vehicles in few bytes.
  const auto demand = read_demand(*network, files, {0, 600, 1, {}});
  if (!demand.ok() || demand->vehicles.size() > 10'000) return 0;
  MesoscopicOptions options;
  options.end_s = 1'200;
  size_t calls = 0;
  const auto outcome = run_mesoscopic(*network, *demand, options, [&](double) { return ++calls < 200; });
  if (outcome.ok() && outcome->arrived + outcome->on_road + outcome->waiting != demand->vehicles.size()) std::abort();
  return 0;
}
