// Parts are few: a list sorted by latitude is index enough.
#include "space/osm_part_index.hpp"

#include <algorithm>
#include <utility>

#include "space/osm_area.hpp"

namespace cityloom::space {
namespace {
auto key_of(const twin::Position& place) {
  return std::pair(place.latitude_deg, place.longitude_deg);
}
}  // namespace

void OsmPartIndex::add(const twin::Position& place) {
  parts_.push_back({place, {}, 0});
}

void OsmPartIndex::finish() {
  std::sort(parts_.begin(), parts_.end(),
            [](const Part& a, const Part& b) { return key_of(a.place) < key_of(b.place); });
}

void OsmPartIndex::adopt(std::string_view building_id, const twin::Geometry& outline) {
  const twin::Box box = twin::bounds_of(outline);
  auto part = std::lower_bound(parts_.begin(), parts_.end(), box.south_deg,
                               [](const Part& a, double south_deg) { return a.place.latitude_deg < south_deg; });
  for (; part != parts_.end() && part->place.latitude_deg <= box.north_deg; ++part) {
    if (part->place.longitude_deg < box.west_deg || part->place.longitude_deg > box.east_deg) continue;
    if (!contains(outline, part->place)) continue;
    const double square_degrees = square_degrees_of(outline);
    if (!part->building_id.empty() && part->square_degrees <= square_degrees) continue;
    part->building_id = building_id;
    part->square_degrees = square_degrees;
  }
}

std::string_view OsmPartIndex::building_of(const twin::Position& place) const {
  const auto part = std::lower_bound(parts_.begin(), parts_.end(), place, [](const Part& a, const twin::Position& b) {
    return key_of(a.place) < key_of(b);
  });
  return part != parts_.end() && part->place == place ? std::string_view(part->building_id) : std::string_view();
}

}  // namespace cityloom::space
