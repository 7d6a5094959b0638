// Any text as a geometry in well-known text, as an option of an import or as the path of a tile: a value or an error
// that says what is wrong. The first byte says which.
#include <cstdlib>

#include "space/formats/wkt.hpp"
#include "space/import_options.hpp"
#include "space/tiles/tileset.hpp"

namespace {

using namespace cityloom;

void check(bool holds) {
  if (!holds) std::abort();
}

void check_geometry(std::string_view text) {
  static const space::PlaneCrs crs = *space::PlaneCrs::open("EPSG:4326");
  const auto geometry = space::geometry_of_wkt(text, crs);
  if (!geometry) return check(!geometry.error().what.empty());
  for (const auto* part : {&geometry->area, &geometry->lines, &geometry->points})
    check(!*part || (*part)->check().ok());
}

void check_option(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;
  space::ImportOptions options;
  const auto status = space::set_import_option(options, text.substr(0, equals), text.substr(equals + 1));
  check(status.ok() || !status.error().what.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return -1;
  const std::string_view text = input.substr(1);
  switch (input[0]) {
    case 'w':
      check_geometry(text);
      return 0;
    case 'o':
      check_option(text);
      return 0;
    case 't':
      (void)space::read_tile_path(text);
      return 0;
    default:
      return -1;
  }
}
