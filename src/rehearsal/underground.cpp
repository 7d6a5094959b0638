// What lies below the streets of an invented city: water, sewer, gas, power and telecom, as docs/api.md names them.
#include <fmt/format.h>

#include <cmath>

#include "rehearsal/facts.hpp"

namespace cityloom::rehearsal {
namespace {

/// One network: where in the street it lies, and what it is made of.
struct Network {
  const char* name;
  double offset;   ///< from the middle of the street to its side, as a share of half its width
  double depth_m;  ///< of its top below the ground
  int main_mm, side_mm;
  const char* materials[3];  ///< of old, later and new times
  Name owner;
  Name label;
};

const Network networks[] = {
    {"water",
     -0.55,
     1.2,
     400,
     150,
     {"CIP", "DCIP", "DCIP"},
     {"상수도사업본부", "Waterworks"},
     {"상수관", "Water main"}},
    {"sewer", 0.1, 2.4, 900, 300, {"hume", "hume", "PE"}, {"하수과", "Sewerage Department"}, {"하수관", "Sewer"}},
    {"gas", 0.55, 1.3, 300, 110, {"steel", "PE", "PE"}, {"도시가스", "City Gas"}, {"가스관", "Gas pipe"}},
    {"electricity",
     0.75,
     1.0,
     175,
     150,
     {"lead", "XLPE", "XLPE"},
     {"전력공사", "Power Company"},
     {"전력선", "Power cable"}},
    {"telecom", -0.75, 0.9, 100, 100, {"copper", "fibre", "fibre"}, {"통신", "Telecom"}, {"통신선", "Telecom cable"}}};

}  // namespace

base::Status FactMaker::below(const Stretch& stretch) {
  if (stretch.is_bridge) return {};
  const bool is_main = stretch.street <= StreetClass::secondary;
  const GridNode low = std::min(stretch.start(), stretch.end());
  // What was built together is about of one age.
  const uint64_t district = mixed(plan_.spec().seed ^ static_cast<uint64_t>(low.i / 16 * 4'096 + low.j / 16));
  int index = 0;
  for (const Network& network : networks) {
    Chance chance(plan_.spec().seed, Purpose::pipes, {low.i, low.j, stretch.is_row ? 1 : 0, index++});
    // Side streets have water and sewers; what is not stated here is truly not there.
    if (stretch.street == StreetClass::residential && index > 2) break;
    const bool is_cable = index >= 4;
    const int year = 1968 + static_cast<int>(district % 40) + static_cast<int>(chance.below(16));
    thread::Change change = begin(fmt::format("urn:ngsi-ld:{}:rehearsal-{}-{}{}", is_cable ? "Cable" : "Pipe",
                                              network.name, stretch.is_row ? "row-" : "column-", text_of(low)),
                                  is_cable ? t_.cable : t_.pipe);
    name(change, network.label);
    std::vector<Point> points;
    const double side_m = network.offset * width_m(stretch.street) / 2;
    for (size_t n = 0; n < stretch.nodes.size(); ++n) {
      const Point at = plan_.at(stretch.nodes[n]);
      const Point before = plan_.at(stretch.nodes[n == 0 ? 0 : n - 1]);
      const Point after = plan_.at(stretch.nodes[std::min(n + 1, stretch.nodes.size() - 1)]);
      points.push_back(at + left_of(unit_of(after - before)) * -side_m);
    }
    line(change, points);
    const auto text = [&](twin::Term term, std::string value) {
      twin::Attribute& attribute = change.attributes.emplace_back();
      attribute.name = term;
      attribute.value = std::move(value);
    };
    const auto number = [&](twin::Term term, double value, twin::Term unit) {
      twin::Attribute& attribute = change.attributes.emplace_back();
      attribute.name = term;
      attribute.value = twin::number_value(value);
      attribute.unit = unit;
    };
    text(t_.network, network.name);
    number(t_.depth, std::round((network.depth_m + chance.between(-0.2, 0.3)) * 100) / 100, v_.metre);
    number(t_.diameter, is_main ? network.main_mm : network.side_mm, t_.millimetre);
    text(t_.material, network.materials[year < 1985 ? 0 : year < 2002 ? 1 : 2]);
    text(t_.installed_at, std::to_string(year));
    text(t_.owner, names_.city().ko + " " + network.owner.ko);
    const double known = chance.unit();
    text(t_.accuracy_class, known < 0.35 ? "KR:measured" : known < 0.8 ? "KR:detected" : "KR:drawing");
    text(t_.status, chance.happens(0.02) ? "disused" : "inUse");
    if (index == 3) number(t_.pressure, is_main ? 850 : 2.5, t_.kilopascal);
    if (index == 4) number(t_.voltage, is_main ? 154'000 : 22'900, t_.volt);
    if (base::Status status = add(std::move(change)); !status) return status;
  }
  return {};
}

}  // namespace cityloom::rehearsal
