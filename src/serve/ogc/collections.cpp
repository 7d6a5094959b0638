#include "serve/ogc/collections.hpp"

#include <algorithm>
#include <array>

#include "serve/json.hpp"
#include "serve/ngsi/own_types.hpp"
#include "twin/packed.hpp"

namespace cityloom::serve::ogc {
namespace {

using base::Code;
using base::fail;

constexpr int64_t kept_us = 60'000'000;

struct Title {
  std::string_view id, korean, english;
};
// The words of the console (console/src/state/data.*.ts) for the types that its maps are made of.
constexpr std::array<Title, 45> titles = {{{"AirQualityObserved", "대기질 측정", "Air quality observations"},
                                           {"Bridge", "교량", "Bridges"},
                                           {"BridgePart", "교량 일부", "Parts of bridges"},
                                           {"Building", "건물", "Buildings"},
                                           {"BuildingInstallation", "건물 부속 시설", "Installations of buildings"},
                                           {"BuildingPart", "건물 일부", "Parts of buildings"},
                                           {"BuildingStorey", "층", "Storeys"},
                                           {"BuildingUnit", "건물 호", "Units of buildings"},
                                           {"Camera", "카메라", "Cameras"},
                                           {"City", "도시", "Cities"},
                                           {"CityFurniture", "가로 시설물", "Street furniture"},
                                           {"Crossing", "횡단보도", "Crossings"},
                                           {"Device", "장치", "Devices"},
                                           {"EnergyMeter", "전력량계", "Energy meters"},
                                           {"FireDetector", "화재 감지기", "Fire detectors"},
                                           {"GenericCityObject", "그 밖의 물체", "Other objects"},
                                           {"GreenSpace", "녹지", "Green spaces"},
                                           {"LandUse", "토지 이용", "Land use"},
                                           {"NoiseLevelObserved", "소음 측정", "Noise observations"},
                                           {"OffStreetParking", "주차장", "Car parks"},
                                           {"OtherConstruction", "그 밖의 구조물", "Other constructions"},
                                           {"PlantCover", "식생", "Plant cover"},
                                           {"PointOfInterest", "주요 지점", "Points of interest"},
                                           {"Railway", "철도", "Railways"},
                                           {"RainGauge", "강우량계", "Rain gauges"},
                                           {"Road", "도로 면", "Road surfaces"},
                                           {"RoadSegment", "도로", "Roads"},
                                           {"SignalController", "신호 제어기", "Signal controllers"},
                                           {"SolitaryVegetationObject", "수목", "Trees"},
                                           {"TerrainModel", "지형", "Terrain"},
                                           {"Thing", "사물", "Things"},
                                           {"Track", "작은 길", "Tracks"},
                                           {"TrafficFlowObserved", "교통 흐름 측정", "Traffic flow observations"},
                                           {"TrafficSignal", "신호등", "Traffic signals"},
                                           {"TransportSquare", "광장", "Squares"},
                                           {"Tunnel", "터널", "Tunnels"},
                                           {"TunnelPart", "터널 일부", "Parts of tunnels"},
                                           {"TurnRestriction", "회전 제한", "Turn restrictions"},
                                           {"Vehicle", "차량", "Vehicles"},
                                           {"Water", "물", "Water"},
                                           {"WaterBody", "수면", "Water surfaces"},
                                           {"WaterLevelObserved", "수위 측정", "Water level observations"},
                                           {"WaterMeter", "수도 계량기", "Water meters"},
                                           {"Waterway", "수로", "Waterways"},
                                           {"WeatherObserved", "기상 측정", "Weather observations"}}};

void extend(std::optional<twin::Box>& box, const twin::Box& by) {
  if (!box) {
    box = by;
    return;
  }
  box->west_deg = std::min(box->west_deg, by.west_deg), box->south_deg = std::min(box->south_deg, by.south_deg);
  box->east_deg = std::max(box->east_deg, by.east_deg), box->north_deg = std::max(box->north_deg, by.north_deg);
}

void add(const twin::EntityRecord& record, Summary& to) {
  twin::AttributeView view;
  for (twin::PackedAttributes all(record.attributes_bytes()); all.next(view);) {
    to.attributes.emplace(view.name, true);
    if (view.observed_at.exists()) {
      if (!to.first.exists() || view.observed_at < to.first) to.first = view.observed_at;
      to.last = std::max(to.last, view.observed_at);
    }
    if (view.name != twin::terms::location || view.value_kind != twin::AttributeView::ValueKind::geometry) continue;
    const auto geometry = twin::unpack_geometry(view.text);
    if (geometry.ok() && !geometry->positions.empty()) extend(to.box, twin::bounds_of(*geometry));
  }
}

}  // namespace

std::string title_of(std::string_view id, bool korean) {
  const auto found = std::find_if(titles.begin(), titles.end(), [&](const Title& one) { return one.id == id; });
  return std::string(found == titles.end() ? short_name(id) : korean ? found->korean : found->english);
}

base::Result<std::vector<Collection>> Collections::all(const Request& request, const Reading& reading,
                                                       const Effort& effort) const {
  if (!effort.is_long && (!reading.is_live || is_of_the_past(request, reading))) return too_much_here();
  const auto types = reading.snapshot.types();
  if (!types.ok()) return types.error();
  const ngsi_ld::TenantState& tenant = services_.state_of(*reading.thread);
  const twin::TermTable& terms = reading.thread->terms();
  std::map<std::string_view, twin::Term> named;
  for (const auto& [type, count] : *types) {
    auto& first = named.emplace(short_name(terms.text(type)), type).first->second;
    // Who came first keeps the short name, whatever comes and goes later.
    first = std::min(first, type);
  }
  std::vector<Collection> collections;
  for (const auto& [type, count] : *types) {
    if (ngsi_ld::is_own_type(tenant, type) || count == 0) continue;
    const std::string_view iri = terms.text(type);
    const bool is_first = named.at(short_name(iri)) == type;
    collections.push_back({std::string(is_first ? short_name(iri) : iri), type, count});
  }
  return collections;
}

base::Result<Collection> Collections::find(std::string_view id, const Request& request, const Reading& reading,
                                           const Effort& effort) const {
  auto collections = all(request, reading, effort);
  if (!collections.ok()) return collections.error();
  for (Collection& each : *collections) {
    if (each.id == id || reading.thread->terms().text(each.type) == id) return std::move(each);
  }
  return fail(Code::not_found, "there is no collection with this id", std::string(id.substr(0, 200)),
              "/ogc/collections lists them");
}

base::Result<std::shared_ptr<const Summaries>> Collections::summaries(const Reading& reading,
                                                                      const Effort& effort) const {
  if (!reading.is_live) return std::shared_ptr<const Summaries>();
  const auto recent = [&]() -> std::shared_ptr<const Summaries> {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(reading.thread);
    if (known == known_.end()) return nullptr;
    const int64_t age_us = services_.clock.now().microseconds - known->second.since.microseconds;
    return known->second.at == reading.snapshot.offset() || age_us < kept_us ? known->second.summaries : nullptr;
  };
  if (auto known = recent()) return known;
  if (!effort.is_long) return too_much_here();
  const std::lock_guard lock(looking_);
  if (auto known = recent()) return known;
  return look(reading, effort);
}

base::Result<std::shared_ptr<const Summaries>> Collections::look(const Reading& reading, const Effort& effort) const {
  auto made = std::make_shared<Summaries>();
  const auto status = reading.snapshot.each(
      {},
      [&](const twin::EntityRecord& record) {
        if (!ngsi_ld::is_visible(record)) return true;
        for (const twin::Term type : record.types()) add(record, (*made)[type]);
        return true;
      },
      effort.bounds);
  if (!status.ok()) return status.error();
  const std::lock_guard lock(mutex_);
  known_[reading.thread] = {made, reading.snapshot.offset(), services_.clock.now()};
  return std::shared_ptr<const Summaries>(std::move(made));
}

}  // namespace cityloom::serve::ogc
