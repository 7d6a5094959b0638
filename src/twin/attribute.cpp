#include "twin/attribute.hpp"

namespace cityloom::twin {

bool same_statement(const Attribute& left, const Attribute& right) {
  if (left.name != right.name || left.dataset != right.dataset || left.kind != right.kind || left.unit != right.unit ||
      left.observed_at != right.observed_at || left.expires_at != right.expires_at ||
      left.object_types != right.object_types || left.value != right.value ||
      left.members.size() != right.members.size()) {
    return false;
  }
  for (size_t i = 0; i < left.members.size(); ++i) {
    if (!same_statement(left.members[i], right.members[i])) return false;
  }
  return true;
}

}  // namespace cityloom::twin
