// Any bytes as what the record holds for this room: departures, a timetable, the index of heights. Read within bounds,
// or corrupt; what is read is packed to what reads equal. The first byte says which.
#include <cstdlib>

#include "space/terrain/height_pyramid.hpp"
#include "space/transit/timetable.hpp"

namespace {

using namespace cityloom::space;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_departures(std::string_view bytes) {
  const auto departures = unpack_departures(bytes);
  if (!departures) return check(departures.error().code == cityloom::base::Code::corrupt);
  const auto again = unpack_departures(pack_departures(*departures));
  check(again.ok() && again->size() == departures->size());
}

void check_timetable(std::string_view bytes) {
  const auto index = TimetableIndex::decode(bytes);
  if (!index) return check(index.error().code == cityloom::base::Code::corrupt);
  const auto again = TimetableIndex::decode(index->encode());
  check(again.ok() && again->stops.size() == index->stops.size() && again->blocks == index->blocks);
  if (index->stops.empty()) return;
  DepartureRequest request;
  request.stop_id = index->stops[0].entity_id;
  request.from = *cityloom::base::Instant::parse("2026-11-22T08:00:00Z");
  const auto block = std::make_shared<const std::string>("\x80\xb8\x03\x02\x10\x03");
  const auto departures = departures_of(*index, request, [&](const std::string&) {
    return cityloom::base::Result<std::shared_ptr<const std::string>>(block);
  });
  check(departures.ok() || !departures.error().what.empty());
}

void check_heights(std::string_view bytes) {
  const GridShape finest{127, 38, 0.001, 0.001, 300, 200};
  const auto levels = unpack_index(bytes, finest);
  if (!levels) return check(levels.error().code == cityloom::base::Code::corrupt);
  const std::string packed = pack_index(*levels);
  const auto again = unpack_index(packed, finest);
  check(again.ok() && pack_index(*again) == packed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return -1;
  const std::string_view bytes = input.substr(1);
  switch (input[0]) {
    case 'd':
      check_departures(bytes);
      return 0;
    case 't':
      check_timetable(bytes);
      return 0;
    case 'h':
      check_heights(bytes);
      return 0;
    default:
      return -1;
  }
}
