// The door of the object library: catalogued, parametric objects, drawn by code from declarations in packs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/objects/object_mesh.hpp"
#include "space/objects/object_reader.hpp"
#include "twin/entity.hpp"

namespace cityloom::space {

/// All kinds of objects that a server knows. Immutable once loaded; any worker.
class ObjectLibrary {
 public:
  /// Knows nothing.
  ObjectLibrary() = default;

  /// Reads every .yaml file of these folders, folder after folder, by name. A file with a mistake is left out and told
  /// in `mistakes`; the others are taken. A folder that is not there holds nothing.
  static ObjectLibrary load(const std::vector<std::string>& folders, std::vector<base::Error>& mistakes);

  /// From declarations that were read.
  explicit ObjectLibrary(ObjectDeclarations declarations);

  const std::vector<ObjectKind>& kinds() const { return declarations_.kinds; }
  const std::vector<std::pair<std::string, BothTexts>>& categories() const { return declarations_.categories; }
  const std::vector<PlacingRule>& placing() const { return declarations_.placing; }

  /// The kind of this id, or nullptr.
  const ObjectKind* find(std::string_view id) const;

  /// As build_object. Errors: those of build_object.
  base::Result<ObjectMesh> mesh(const ObjectKind& kind, const ObjectValues& values, int level_of_detail = 0) const {
    return build_object(kind, declarations_.materials, values, level_of_detail);
  }

  /// A GLB file of an object. Errors: those of build_object.
  base::Result<std::string> glb(const ObjectKind& kind, const ObjectValues& values, int level_of_detail = 0) const;

  /// Changes when any declaration does.
  const std::string& version() const { return version_; }

 private:
  ObjectDeclarations declarations_;
  std::map<std::string, size_t, std::less<>> places_;
  std::string version_;
};

/// An entity that is drawn as an object.
struct PlacedObject {
  std::string id;
  const ObjectKind* kind = nullptr;
  ObjectValues values;
  twin::Position position;
  double heading_deg = 0;  ///< where the front looks, clockwise from north
};

/// Says which entities are drawn as which objects: those with the attributes `kind` (the id of a kind), `parameters`
/// (JsonProperty) and `heading` (DD) at a Point, and those that a placing rule names. A value; any worker. The library
/// must outlive it.
class ObjectPlacer {
 public:
  ObjectPlacer(const ObjectLibrary& library, const twin::TermTable& terms);

  /// The types of entities that may be objects: what to ask the record for. Types that nobody wrote yet are left out.
  const std::vector<twin::Term>& types() const { return types_; }

  /// The object that an entity is drawn as; nothing if it is none, or has no Point. Parameters that cannot be read are
  /// as if they were not given. Cost: a walk over its attributes.
  std::optional<PlacedObject> place(const twin::EntityRecord& record) const;

 private:
  const ObjectKind* kind_of(const twin::EntityRecord& record, std::map<std::string, std::string>& given) const;

  const ObjectLibrary* library_;
  struct Rule {
    twin::Term type;
    const PlacingRule* rule;
  };
  std::vector<Rule> rules_;
  std::vector<twin::Term> types_;
  twin::Term kind_, parameters_, heading_, category_, location_;
};

}  // namespace cityloom::space
