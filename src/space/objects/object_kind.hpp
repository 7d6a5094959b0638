// What a declaration of an object says: parameters, dimensions, solids. Read by object_reader.hpp, built by
// object_mesh.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/objects/expression.hpp"

namespace cityloom::space {

/// One text in both languages of the platform.
struct BothTexts {
  std::string ko, en;
  bool operator==(const BothTexts&) const = default;
};

/// Red, green and blue as sRGB has them, 0 to 1, and how much of what is behind is hidden.
struct ObjectColour {
  std::array<double, 3> rgb{0.5, 0.5, 0.5};
  double opacity = 1;
  bool operator==(const ObjectColour&) const = default;
};

/// How a surface takes light.
enum class ObjectFinish : uint8_t { matt, metal, glass, lit };

/// A named material of the palette.
struct ObjectMaterial {
  ObjectColour colour;
  ObjectFinish finish = ObjectFinish::matt;
};

/// One choice of a parameter.
struct ObjectChoice {
  std::string id;
  BothTexts name;
};

/// What one may set on an object.
struct ObjectParameter {
  enum class Kind : uint8_t { number, choice, flag, colour };  ///< of value
  std::string id;
  BothTexts name;
  Kind kind = Kind::number;
  std::string unit;          ///< UN/CEFACT common code; empty: a count or ratio
  double default_value = 0;  ///< of a choice its place in `choices`, of a flag 0 or 1
  double minimum = 0, maximum = 1, step = 0.1;
  std::vector<ObjectChoice> choices;
  ObjectColour default_colour;
};

/// The colour of a solid: a material or a colour parameter; with a condition, one of two.
struct ColourRule {
  enum class Kind : uint8_t { material, parameter };  ///< what `index` counts
  Kind kind = Kind::material;
  uint32_t index = 0;
};
/// The first of the rules whose condition is not 0 holds; the last has none.
struct ColourChoice {
  std::vector<std::pair<std::optional<Expression>, ColourRule>> rules;
};

/// A node of the tree of solids. Its frame: x right, y where the front looks, z up, metres, origin on the ground.
/// A solid stands on its `at` and is centred around it in x and y; with `axis` x or y it lies centred along that axis.
struct SolidNode {
  enum class Kind : uint8_t { box, prism, cylinder, sphere, sweep, group, repeat };  ///< which solid
  enum class Axis : uint8_t { x, y, z };                                             ///< along which it is long
  Kind kind = Kind::group;
  std::optional<Expression> when;  ///< left out where it is 0
  std::array<Expression, 3> at;
  std::array<Expression, 3> turn;  ///< degrees about x, then y, then z, around `at`
  ColourChoice colour;
  Axis axis = Axis::z;
  std::array<Expression, 3> size;  ///< box: its sides; cylinder: radius, radius at the end, length; sphere: radii;
                                   ///< sweep: radius; prism: length in [2]; repeat: the count in [0]
  std::vector<std::array<Expression, 3>> points;  ///< prism: its outline (two of three); sweep: its path
  std::array<Expression, 3> step;                 ///< repeat: from one copy to the next
  Expression spin;                                ///< repeat: degrees about z from one copy to the next
  uint32_t sides = 12;                            ///< of what is round; a multiple of 4
  bool is_half = false;                           ///< sphere: only what is above `at`
  bool is_detail = false;                         ///< only at level of detail 0
  bool is_coarse = false;                         ///< only at level of detail 1
  std::vector<SolidNode> children;
  std::string where;  ///< file:line:column, for errors
};

/// A kind of object.
struct ObjectKind {
  std::string id;  ///< lower case with hyphens; never changes its meaning
  std::string category;
  BothTexts name;
  BothTexts note;        ///< what its dimensions follow; may be empty
  std::string standard;  ///< the standard or rule that the dimensions follow, where one is known; may be empty
  std::vector<ObjectParameter> parameters;
  std::vector<std::pair<std::string, Expression>> values;  ///< further names, each made of those before
  std::array<Expression, 3> size;                          ///< width, depth and height in metres, as built
  std::vector<SolidNode> solids;
  std::string where;  ///< file:line:column

  /// The parameter of this id, or nullptr.
  const ObjectParameter* find_parameter(std::string_view parameter_id) const;
};

/// Which entities without a `kind` of their own are drawn as which kind. The first rule that fits holds.
struct PlacingRule {
  std::string type;                     ///< short name of the entity's type
  std::vector<std::string> categories;  ///< values of `category`; empty: any
  std::string kind;
  std::map<std::string, std::string> parameters;
};

}  // namespace cityloom::space
