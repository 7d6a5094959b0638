// Plans to entities. Every entity says that it is invented.
#include "rehearsal/facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "rehearsal/ground.hpp"

namespace cityloom::rehearsal {
namespace {

using twin::Attribute;
using twin::AttributeKind;
using twin::Value;

Attribute plain(twin::Term name, Value value, twin::Term unit = {}) {
  Attribute attribute;
  attribute.name = name;
  attribute.value = std::move(value);
  attribute.unit = unit;
  return attribute;
}

void property(thread::Change& change, twin::Term name, Value value, twin::Term unit = {}) {
  change.attributes.push_back(plain(name, std::move(value), unit));
}

// What an earlier city of the same ids may have said and this one does not ends.
void end_unstated(thread::Change& change, std::initializer_list<twin::Term> names) {
  const size_t stated = change.attributes.size();
  for (const twin::Term name : names) {
    bool is_stated = false;
    for (size_t n = 0; n < stated; ++n) is_stated = is_stated || change.attributes[n].name == name;
    if (!is_stated) change.attributes.emplace_back().name = name;
  }
}

double tenths(double number) {
  return std::round(number * 10) / 10;
}

std::string text_of(Quarter quarter) {
  return text_of(GridNode{quarter.x, quarter.y});
}

}  // namespace

RehearsalTerms::RehearsalTerms(space::ImportBatch& batch, twin::TermTable& table) {
  const std::pair<twin::Term*, const char*> names[] = {{&city, "City"},
                                                       {&pipe, "Pipe"},
                                                       {&cable, "Cable"},
                                                       {&basement, "Basement"},
                                                       {&invented, "invented"},
                                                       {&residents, "residents"},
                                                       {&jobs, "jobs"},
                                                       {&places, "places"},
                                                       {&full_address, "fullAddress"},
                                                       {&seed, "seed"},
                                                       {&buildings, "buildings"},
                                                       {&population, "population"},
                                                       {&middle, "middle"},
                                                       {&network, "network"},
                                                       {&depth, "depth"},
                                                       {&diameter, "diameter"},
                                                       {&material, "material"},
                                                       {&installed_at, "installedAt"},
                                                       {&owner, "owner"},
                                                       {&accuracy_class, "accuracyClass"},
                                                       {&status, "status"},
                                                       {&voltage, "voltage"},
                                                       {&pressure, "pressure"},
                                                       {&signalled, "signalled"}};
  for (const auto& [term, name] : names) *term = batch.term(name);
  // A table that is full has said so to the batch already.
  const auto unit = [&](const char* code) { return table.intern(code).ok() ? *table.intern(code) : twin::Term(); };
  millimetre = unit("MMT");
  volt = unit("VLT");
  kilopascal = unit("KPA");
}

FactMaker::FactMaker(const CityPlan& plan, space::ImportBatch& batch, twin::TermTable& table)
    : plan_(plan), names_(plan), batch_(batch), v_(batch.vocabulary()), t_(batch, table) {}

thread::Change FactMaker::begin(std::string id, twin::Term type) const {
  thread::Change change;
  change.kind = thread::Change::Kind::create_or_append;
  change.entity_id = std::move(id);
  change.types = {type};
  change.only_differences = true;
  change.attributes.reserve(20);
  return change;
}

void FactMaker::finish(thread::Change& change) const {
  property(change, v_.source, std::string(rehearsal_source));
  property(change, t_.invented, true);
}

base::Status FactMaker::add(thread::Change change) {
  finish(change);
  return batch_.add(std::move(change));
}

void FactMaker::name(thread::Change& change, const Name& name) const {
  Attribute attribute = plain(v_.name, twin::Json{name.json()});
  attribute.kind = AttributeKind::language_property;
  change.attributes.push_back(std::move(attribute));
}

void FactMaker::location(thread::Change& change, const Ring& ring) const {
  twin::Geometry geometry;
  geometry.kind = twin::GeometryKind::polygon;
  geometry.positions.reserve(ring.size() + 1);
  for (const Point& point : ring) geometry.positions.push_back(plan_.frame().position_of(point));
  geometry.positions.push_back(geometry.positions.front());
  geometry.line_ends = {static_cast<uint32_t>(geometry.positions.size())};
  Attribute attribute = plain(v_.location, std::move(geometry));
  attribute.kind = AttributeKind::geo_property;
  change.attributes.push_back(std::move(attribute));
}

void FactMaker::line(thread::Change& change, const std::vector<Point>& points, double height_m) const {
  twin::Geometry geometry;
  geometry.kind = points.size() == 1 ? twin::GeometryKind::point : twin::GeometryKind::line_string;
  for (const Point& point : points) geometry.positions.push_back(plan_.frame().position_of(point));
  for (twin::Position& position : geometry.positions) position.height_m = height_m;
  if (points.size() > 1) geometry.line_ends = {static_cast<uint32_t>(points.size())};
  Attribute attribute = plain(v_.location, std::move(geometry));
  attribute.kind = AttributeKind::geo_property;
  change.attributes.push_back(std::move(attribute));
}

void FactMaker::address(thread::Change& change, Quarter quarter, const BuildingPlan& building) const {
  const Name street = names_.street_of(building), district = names_.district(quarter), city = names_.city();
  const Name place = names_.neighbourhood(quarter);
  const uint32_t number = names_.house_number(building);
  const int32_t post = 10'000 + ((quarter.y + 100) * 200 + quarter.x + 100) % 80'000;
  Attribute attribute = plain(
      v_.address,
      twin::Json{fmt::format(R"({{"streetAddress":"{} {}","district":"{}","addressLocality":"{}","postalCode":"{}"}})",
                             street.ko, number, district.ko, city.ko, post)});
  Attribute words =
      plain(t_.full_address,
            twin::Json{Name{fmt::format("{} {} {} {} ({})", city.ko, district.ko, street.ko, number, place.ko),
                            fmt::format("{} {}, {}, {}", number, street.en, district.en, city.en)}
                           .json()});
  words.kind = AttributeKind::language_property;
  attribute.members.push_back(std::move(words));
  change.attributes.push_back(std::move(attribute));
}

base::Status FactMaker::city(uint64_t residents, uint64_t jobs) {
  thread::Change change = begin("urn:ngsi-ld:City:rehearsal", t_.city);
  name(change, names_.city());
  const CitySpec& spec = plan_.spec();
  twin::Geometry point = twin::Geometry::point({spec.middle.longitude_deg, spec.middle.latitude_deg});
  Attribute where = plain(t_.middle, std::move(point));
  where.kind = AttributeKind::geo_property;
  change.attributes.push_back(std::move(where));
  property(change, t_.seed, std::to_string(spec.seed));
  property(change, t_.buildings, static_cast<int64_t>(spec.buildings));
  property(change, t_.population, static_cast<int64_t>(residents));
  property(change, t_.jobs, static_cast<int64_t>(jobs));
  return add(std::move(change));
}

base::Status FactMaker::ground() {
  auto change = ground_model(plan_, batch_);
  if (!change) return change.error();
  property(*change, t_.invented, true);
  return batch_.add(std::move(*change));
}

base::Status FactMaker::river() {
  constexpr double step_m = 40;
  constexpr size_t part_points = 200;  // of one entity: a long river is several
  const double reach_m = plan_.ground_reach_m();
  const auto steps = static_cast<int64_t>(reach_m / step_m);
  int number = 0;
  for (int64_t first = -steps; first < steps; first += part_points) {
    const int64_t last = std::min<int64_t>(steps, first + static_cast<int64_t>(part_points));
    Ring ring;
    for (int64_t n = first; n <= last; ++n) {
      const double x = static_cast<double>(n) * step_m;
      ring.push_back(plan_.bent({x, -plan_.river_half_width_m(x)}));
    }
    for (int64_t n = last; n >= first; --n) {
      const double x = static_cast<double>(n) * step_m;
      ring.push_back(plan_.bent({x, plan_.river_half_width_m(x)}));
    }
    thread::Change change = begin(fmt::format("urn:ngsi-ld:Water:rehearsal-river-{}", number++), v_.water);
    name(change, names_.river());
    location(change, ring);
    property(change, v_.category, std::string("river"));
    if (base::Status status = add(std::move(change)); !status) return status;
  }
  return {};
}

// The green between the water and the street on the bank, beside one quarter.
base::Status FactMaker::bank(Quarter quarter) {
  if (quarter.y != 0 && quarter.y != -1) return {};
  const double side = quarter.y == 0 ? 1 : -1;
  const GridNode corner = quarter.corner();
  const int32_t j = quarter.y == 0 ? 0 : -1;
  Ring water, street;
  for (int32_t n = 0; n <= quarter_lines * 2; ++n) {
    const Point low = plan_.regular({corner.i + n / 2, j});
    const Point high = plan_.regular({corner.i + (n + 1) / 2, j});
    const double x = (low.x + high.x) / 2;
    const double edge_m = plan_.river_half_width_m(x);
    water.push_back(plan_.bent({x, side * (edge_m + 2)}));
    street.push_back(plan_.bent({x, side * (edge_m + plan_.bank_m() - width_m(StreetClass::primary) / 2 - 4)}));
  }
  Ring ring = side > 0 ? water : street;
  const Ring& other = side > 0 ? street : water;
  ring.insert(ring.end(), other.rbegin(), other.rend());
  thread::Change change = begin("urn:ngsi-ld:GreenSpace:rehearsal-bank-" + text_of(quarter), v_.green_space);
  const Name river = names_.river();
  name(change, {river.ko + "변 공원", river.en.substr(0, river.en.find(' ')) + " Riverside Park"});
  location(change, ring);
  property(change, v_.category, std::string("park"));
  return add(std::move(change));
}

base::Status FactMaker::building(Quarter quarter, const BuildingPlan& building, size_t number) {
  const std::string id = fmt::format("urn:ngsi-ld:Building:rehearsal-{}-{}", text_of(quarter), number);
  thread::Change change = begin(id, v_.building);
  const Name own = names_.building(quarter, building, number);
  if (!own.ko.empty()) name(change, own);
  location(change, building.ring);
  Attribute height = plain(v_.height, twin::number_value(tenths(static_cast<double>(building.height_m))), v_.metre);
  height.members.push_back(plain(v_.height_source, std::string("invented")));
  change.attributes.push_back(std::move(height));
  property(change, v_.levels, int64_t{building.levels});
  property(change, v_.category, std::string(category_of(building.use)));
  if (building.has_pyramid) {
    property(change, v_.roof_shape, std::string("pyramidal"));
    property(change, v_.roof_height, twin::number_value(static_cast<double>(building.roof_m)), v_.metre);
  }
  address(change, quarter, building);
  if (building.residents > 0) property(change, t_.residents, int64_t{building.residents});
  if (building.jobs > 0) property(change, t_.jobs, int64_t{building.jobs});
  if (building.places > 0) property(change, t_.places, int64_t{building.places});
  end_unstated(change, {v_.name, v_.roof_shape, v_.roof_height, t_.residents, t_.jobs, t_.places});
  residents_ += building.residents;
  jobs_ += building.jobs;
  if (base::Status status = add(std::move(change)); !status) return status;
  return building.levels >= 8 ? basement(quarter, building, number, id) : base::Status();
}

base::Status FactMaker::basement(Quarter quarter, const BuildingPlan& building, size_t number, const std::string& id) {
  thread::Change change =
      begin(fmt::format("urn:ngsi-ld:Basement:rehearsal-{}-{}", text_of(quarter), number), t_.basement);
  location(change, building.ring);
  Attribute part = plain(v_.part_of, id);
  part.kind = AttributeKind::relationship;
  change.attributes.push_back(std::move(part));
  property(change, v_.height, twin::number_value(tenths(3.6 * (1 + building.levels / 10))), v_.metre);
  property(change, t_.depth, int64_t{0}, v_.metre);
  property(change, v_.category, std::string("parking"));
  return add(std::move(change));
}

base::Status FactMaker::green(Quarter quarter, const GreenPlan& green, size_t number) {
  thread::Change change =
      begin(fmt::format("urn:ngsi-ld:GreenSpace:rehearsal-{}-{}", text_of(quarter), number), v_.green_space);
  if (std::string_view(green.category) == "park") name(change, names_.park(quarter));
  location(change, green.ring);
  property(change, v_.category, std::string(green.category));
  return add(std::move(change));
}

base::Status FactMaker::street(const Stretch& stretch) {
  thread::Change change = begin(street_id(stretch), v_.road_segment);
  const Name street = stretch.is_bridge ? names_.bridge(stretch.start().i)
                      : stretch.is_row  ? names_.row_street(std::min(stretch.start(), stretch.end()))
                                        : names_.column_street(std::min(stretch.start(), stretch.end()));
  name(change, street);
  std::vector<Point> points;
  for (const GridNode& node : stretch.nodes) points.push_back(plan_.at(node));
  line(change, points, stretch.is_bridge ? plan_.deck_m(stretch.start().i) : std::nan(""));
  double length_m = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    length_m += PlaneFrame::distance_m(plan_.frame().position_of(points[i - 1]), plan_.frame().position_of(points[i]));
  }
  property(change, v_.road_class, std::string(road_class_of(stretch.street)));
  property(change, v_.lane_count, int64_t{stretch.lanes} * (stretch.is_oneway ? 1 : 2));
  property(change, v_.oneway, stretch.is_oneway);
  property(change, v_.maximum_allowed_speed, twin::number_value(speed_limit_kmh(stretch.street)),
           v_.kilometre_per_hour);
  property(change, v_.start_node, node_name(stretch.start()));
  property(change, v_.end_node, node_name(stretch.end()));
  property(change, v_.length, twin::number_value(std::round(length_m * 100) / 100), v_.metre);
  if (stretch.is_bridge) property(change, v_.bridge, true);
  if (stretch.is_underpass) property(change, v_.tunnel, true);
  end_unstated(change, {v_.bridge, v_.tunnel});
  return add(std::move(change));
}

base::Status FactMaker::junction(GridNode node) {
  if (!has_signals(plan_, node)) return {};
  thread::Change change = begin(signal_id(node), v_.traffic_signal);
  const Name row = names_.row_street(node), column = names_.column_street(node);
  name(change, {row.ko + "·" + column.ko + " 교차로", row.en + " and " + column.en});
  line(change, {plan_.at(node)});
  property(change, v_.category, std::string("signal"));
  if (base::Status status = add(std::move(change)); !status) return status;
  // A crossing over each arm, behind the stop line.
  const GridNode around[] = {{node.i + 1, node.j}, {node.i, node.j + 1}, {node.i - 1, node.j}, {node.i, node.j - 1}};
  const bool there[] = {plan_.has_row_street(node), plan_.has_column_street(node), plan_.has_row_street(around[2]),
                        plan_.has_column_street(around[3])};
  for (size_t n = 0; n < 4; ++n) {
    if (!there[n]) continue;
    const StreetClass crossed = n % 2 == 0 ? CityPlan::class_of_column(node.i) : CityPlan::class_of_row(node.j);
    const Point towards = unit_of(plan_.at(around[n]) - plan_.at(node));
    thread::Change walk = begin(fmt::format("urn:ngsi-ld:Crossing:rehearsal-{}-{}", text_of(node), n), v_.crossing);
    line(walk, {plan_.at(node) + towards * (width_m(crossed) / 2 + 3)});
    property(walk, v_.category, std::string("traffic_signals"));
    if (base::Status status = add(std::move(walk)); !status) return status;
  }
  return {};
}

base::Status FactMaker::quarter(size_t number) {
  const Quarter quarter = plan_.quarters()[number];
  const QuarterPlan drawn = draw_quarter(plan_, quarter);
  for (size_t n = 0; n < plan_.buildings_in(number); ++n) {
    if (base::Status status = building(quarter, drawn.buildings[n], n); !status) return status;
  }
  for (size_t n = 0; n < drawn.greens.size(); ++n) {
    if (base::Status status = green(quarter, drawn.greens[n], n); !status) return status;
  }
  if (base::Status status = bank(quarter); !status) return status;
  for (const Stretch& stretch : stretches_of(plan_, quarter)) {
    if (base::Status status = street(stretch); !status) return status;
    if (base::Status status = below(stretch); !status) return status;
  }
  for (const GridNode& node : nodes_of(plan_, quarter)) {
    if (base::Status status = junction(node); !status) return status;
  }
  return {};
}

}  // namespace cityloom::rehearsal
