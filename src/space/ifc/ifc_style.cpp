// Which style an item has, and what colour a style is.
#include <algorithm>

#include "space/ifc/ifc_solid.hpp"

namespace cityloom::space {
namespace {

uint64_t first_surface_style(const IfcReader& reader, const StepValue& styles, size_t depth) {
  for (const StepValue reference : styles) {
    const std::string_view type = reader.file().type_of(reference.reference());
    if (type == "IFCSURFACESTYLE") return reference.reference();
    if (type == "IFCPRESENTATIONSTYLEASSIGNMENT" && depth > 0) {
      const StepInstance assignment = reader.get(reference);
      if (const uint64_t found = first_surface_style(reader, assignment[0], depth - 1); found != 0) return found;
    }
  }
  return 0;
}

}  // namespace

uint64_t surface_style(const IfcReader& reader, const StepInstance& styled_item) {
  return first_surface_style(reader, styled_item[1], 2);
}

std::optional<IfcColour> read_colour(const IfcReader& reader, uint64_t style) {
  const StepInstance surface = reader.get(style);
  if (surface.type != "IFCSURFACESTYLE") return {};
  for (const StepValue reference : surface[2]) {
    const StepInstance shading = reader.get(reference);
    if (shading.type != "IFCSURFACESTYLERENDERING" && shading.type != "IFCSURFACESTYLESHADING") continue;
    const StepInstance rgb = reader.get(shading[0]);
    if (rgb.type != "IFCCOLOURRGB") continue;
    const auto part = [](double value, double otherwise) { return value >= 0 && value <= 1 ? value : otherwise; };
    return IfcColour{part(rgb[1].number(), 0.8), part(rgb[2].number(), 0.8), part(rgb[3].number(), 0.8),
                     part(shading[1].number(), 0)};
  }
  return {};
}

void IfcSolids::read_styles() {
  for (const uint64_t id : reader_.file().of_type("IFCSTYLEDITEM")) {
    const StepInstance styled = reader_.get(id);
    const uint64_t item = styled[0].reference();
    if (item == 0) continue;
    if (const uint64_t style = surface_style(reader_, styled); style != 0) styles_.emplace(item, style);
  }
}

uint64_t IfcSolids::style_of(uint64_t item) const {
  const auto found = styles_.find(item);
  return found == styles_.end() ? 0 : found->second;
}

}  // namespace cityloom::space
