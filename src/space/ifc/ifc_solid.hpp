// Representations of products as faces: every kind of solid, surface and mesh that building models use.
#pragma once

#include <memory>
#include <unordered_map>

#include "space/ifc/ifc_reader.hpp"
#include "space/ifc/solid_boolean.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

/// Reads the shapes of one file. One worker. The reader must outlive it.
class IfcSolids {
 public:
  explicit IfcSolids(IfcReader& reader);
  ~IfcSolids();

  /// The body of an IfcProductDefinitionShape in its product's own frame: of its representations the body, else what
  /// else is a solid or surface. Empty if it has none. What cannot be read is warned of with its number, the rest is
  /// taken. Errors: too_complex (past a limit).
  base::Result<IfcShape> product_shape(uint64_t definition);

  /// One representation item and what it is made of. Errors: invalid, unsupported, too_complex.
  base::Result<IfcShape> item(uint64_t id);

  /// The style of an item as IfcStyledItem gives it: the number of its IfcSurfaceStyle, or 0.
  uint64_t style_of(uint64_t item) const;

  /// `combine` (solid_boolean.hpp), counted. Errors: too_complex.
  base::Result<IfcShape> combined(const IfcShape& first, const IfcShape& second, SolidOperation operation);

 private:
  friend class ItemReader;
  void read_styles();

  IfcReader& reader_;
  Triangulator triangulator_;
  std::unordered_map<uint64_t, uint64_t> styles_;                         // item to surface style
  std::unordered_map<uint64_t, std::shared_ptr<const IfcShape>> mapped_;  // by representation map
  size_t work_ = 0;                                                       // points made so far
  size_t boolean_work_ = 0;                                               // see IfcLimits
};

/// A surface style's colour.
struct IfcColour {
  double red = 0.8, green = 0.8, blue = 0.8;
  double transparency = 0;  ///< 0 solid, 1 not to be seen
  bool operator==(const IfcColour&) const = default;
};

/// The colour of an IfcSurfaceStyle; nothing if it states none.
std::optional<IfcColour> read_colour(const IfcReader& reader, uint64_t style);

/// The surface style within an IfcStyledItem's styles (or IfcPresentationStyleAssignment), or 0.
uint64_t surface_style(const IfcReader& reader, const StepInstance& styled_item);

}  // namespace cityloom::space
