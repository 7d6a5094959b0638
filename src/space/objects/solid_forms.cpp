// Corners are worked out once and shared, so that every surface is closed to the last bit.
#include "space/objects/solid_forms.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double pi = 3.14159265358979323846;

Vector unit(Vector v) {
  return v * (1 / length_of(v));
}

struct Around {
  double cosine, sine;
};

// Exact at the four quarters, so that widths are exact.
Around around(uint32_t i, uint32_t sides) {
  const uint32_t quarter = sides / 4;
  static constexpr std::array<Around, 4> exact{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
  if (i % quarter == 0) return exact[(i / quarter) % 4];
  const double angle = 2 * pi * i / sides;
  return {std::cos(angle), std::sin(angle)};
}

double turn_of(const Vector& a, const Vector& b, const Vector& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

double double_area(const std::vector<Vector>& ring) {
  double sum = 0;
  for (size_t i = 0; i < ring.size(); ++i) {
    const Vector &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum;
}

bool is_inside(const Vector& p, const Vector& a, const Vector& b, const Vector& c) {
  return turn_of(a, b, p) >= 0 && turn_of(b, c, p) >= 0 && turn_of(c, a, p) >= 0;
}

bool same_place(const Vector& a, const Vector& b) {
  return a.x == b.x && a.y == b.y;
}

// Ears cut off one after another; `left` loses them. Fails where none is left to cut.
bool clip_ears(const std::vector<Vector>& ring, std::vector<std::array<uint32_t, 3>>& triangles) {
  std::vector<uint32_t> left(ring.size());
  for (uint32_t i = 0; i < left.size(); ++i) left[i] = i;
  while (left.size() > 3) {
    bool is_cut = false;
    for (size_t i = 0; i < left.size() && !is_cut; ++i) {
      const uint32_t a = left[(i + left.size() - 1) % left.size()], b = left[i], c = left[(i + 1) % left.size()];
      if (turn_of(ring[a], ring[b], ring[c]) <= 0) continue;
      const bool is_ear = std::none_of(left.begin(), left.end(), [&](uint32_t other) {
        if (other == a || other == b || other == c) return false;
        const Vector& p = ring[other];
        if (same_place(p, ring[a]) || same_place(p, ring[b]) || same_place(p, ring[c])) return false;
        return is_inside(p, ring[a], ring[b], ring[c]);
      });
      if (!is_ear) continue;
      triangles.push_back({a, b, c});
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
      is_cut = true;
    }
    if (!is_cut) return false;
  }
  triangles.push_back({left[0], left[1], left[2]});
  return turn_of(ring[left[0]], ring[left[1]], ring[left[2]]) > 0;
}

}  // namespace

uint32_t Form::add(Vector position, Vector normal) {
  positions.push_back(position);
  normals.push_back(normal);
  return static_cast<uint32_t>(positions.size() - 1);
}

void Form::triangle(uint32_t a, uint32_t b, uint32_t c) {
  indices.insert(indices.end(), {a, b, c});
}

void Form::face(std::initializer_list<Vector> corners) {
  const Vector* corner = corners.begin();
  const Vector normal = unit(cross(corner[1] - corner[0], corner[2] - corner[0]));
  const uint32_t first = add(corner[0], normal);
  for (size_t i = 1; i < corners.size(); ++i) add(corner[i], normal);
  for (uint32_t i = 1; i + 1 < corners.size(); ++i) triangle(first, first + i, first + i + 1);
}

Form box_form(Vector size) {
  const double x = size.x / 2, y = size.y / 2, z = size.z;
  Form form;
  form.face({{-x, -y, 0}, {-x, y, 0}, {x, y, 0}, {x, -y, 0}});
  form.face({{-x, -y, z}, {x, -y, z}, {x, y, z}, {-x, y, z}});
  form.face({{-x, -y, 0}, {x, -y, 0}, {x, -y, z}, {-x, -y, z}});
  form.face({{x, -y, 0}, {x, y, 0}, {x, y, z}, {x, -y, z}});
  form.face({{x, y, 0}, {-x, y, 0}, {-x, y, z}, {x, y, z}});
  form.face({{-x, y, 0}, {-x, -y, 0}, {-x, -y, z}, {-x, y, z}});
  return form;
}

Form cylinder_form(double radius, double end_radius, double length, uint32_t sides) {
  Form form;
  const double slope = (radius - end_radius) / length;
  const auto normal_at = [&](Around way) { return unit({way.cosine, way.sine, slope}); };
  std::vector<uint32_t> low(sides), high(sides);
  for (uint32_t i = 0; i < sides; ++i) {
    const Around way = around(i, sides);
    low[i] = form.add({radius * way.cosine, radius * way.sine, 0}, normal_at(way));
    high[i] = form.add({end_radius * way.cosine, end_radius * way.sine, length}, normal_at(way));
  }
  for (uint32_t i = 0; i < sides; ++i) {
    const uint32_t next = (i + 1) % sides;
    if (radius > 0) form.triangle(low[i], low[next], high[next]);
    if (end_radius > 0) form.triangle(low[i], high[next], high[i]);
  }
  for (const bool is_end : {false, true}) {
    const double r = is_end ? end_radius : radius;
    if (r <= 0) continue;
    const Vector normal{0, 0, is_end ? 1.0 : -1.0};
    const auto first = static_cast<uint32_t>(form.positions.size());
    for (uint32_t i = 0; i < sides; ++i) {
      const Around way = around(i, sides);
      form.add({r * way.cosine, r * way.sine, is_end ? length : 0}, normal);
    }
    for (uint32_t i = 1; i + 1 < sides; ++i) {
      is_end ? form.triangle(first, first + i, first + i + 1) : form.triangle(first, first + i + 1, first + i);
    }
  }
  return form;
}

Form sphere_form(Vector radii, uint32_t sides, bool is_half) {
  Form form;
  // Rings from the top down; the last is the pole below, or the equator.
  const uint32_t rings = is_half ? sides / 4 : sides / 2;
  const auto normal_of = [&](Vector p) {
    return unit({p.x / (radii.x * radii.x), p.y / (radii.y * radii.y), p.z / (radii.z * radii.z)});
  };
  const auto add = [&](uint32_t ring, uint32_t i) {
    const Around down = around(ring, sides), way = around(i, sides);
    const Vector p{radii.x * down.sine * way.cosine, radii.y * down.sine * way.sine, radii.z * down.cosine};
    return form.add(p, normal_of(p));
  };
  const uint32_t top = add(0, 0);
  std::vector<uint32_t> before, here(sides);
  for (uint32_t ring = 1; ring < rings + (is_half ? 1 : 0); ++ring) {
    for (uint32_t i = 0; i < sides; ++i) here[i] = add(ring, i);
    for (uint32_t i = 0; i < sides; ++i) {
      const uint32_t next = (i + 1) % sides;
      if (before.empty()) {
        form.triangle(top, here[i], here[next]);
      } else {
        form.triangle(before[i], here[i], here[next]);
        form.triangle(before[i], here[next], before[next]);
      }
    }
    before = here;
  }
  if (!is_half) {
    const uint32_t bottom = form.add({0, 0, -radii.z}, {0, 0, -1});
    for (uint32_t i = 0; i < sides; ++i) form.triangle(bottom, before[(i + 1) % sides], before[i]);
    return form;
  }
  std::vector<uint32_t> flat;
  for (const uint32_t vertex : before) {
    const Vector rim = form.positions[vertex];
    flat.push_back(form.add(rim, {0, 0, -1}));
  }
  for (uint32_t i = 1; i + 1 < sides; ++i) form.triangle(flat[0], flat[i + 1], flat[i]);
  return form;
}

base::Result<Form> prism_form(std::vector<Vector> outline, double length) {
  const auto last = std::unique(outline.begin(), outline.end(), same_place);
  outline.erase(last, outline.end());
  if (outline.size() > 1 && same_place(outline.front(), outline.back())) outline.pop_back();
  const double area = double_area(outline);
  if (outline.size() < 3 || !(std::abs(area) > 1e-9)) return fail(Code::invalid, "the outline has no area");
  if (area < 0) std::reverse(outline.begin(), outline.end());
  std::vector<std::array<uint32_t, 3>> triangles;
  if (!clip_ears(outline, triangles)) {
    return fail(Code::invalid, "the outline crosses itself, or points of it lie on one line");
  }
  Form form;
  for (const bool is_end : {false, true}) {
    const auto first = static_cast<uint32_t>(form.positions.size());
    for (const Vector& p : outline) form.add({p.x, p.y, is_end ? length : 0}, {0, 0, is_end ? 1.0 : -1.0});
    for (const auto& [a, b, c] : triangles) {
      is_end ? form.triangle(first + a, first + b, first + c) : form.triangle(first + a, first + c, first + b);
    }
  }
  for (size_t i = 0; i < outline.size(); ++i) {
    const Vector &a = outline[i], &b = outline[(i + 1) % outline.size()];
    form.face({{a.x, a.y, 0}, {b.x, b.y, 0}, {b.x, b.y, length}, {a.x, a.y, length}});
  }
  return form;
}

base::Result<Form> sweep_form(const std::vector<Vector>& path, double radius, uint32_t sides) {
  std::vector<Vector> ways;  // of each piece
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const Vector way = path[i + 1] - path[i];
    if (!(length_of(way) > 1e-6)) return fail(Code::invalid, "two points of the path are one");
    ways.push_back(unit(way));
    if (i > 0 && dot(ways[i], ways[i - 1]) < -0.9) return fail(Code::invalid, "the path turns back on itself");
  }
  Form form;
  const Vector aside = std::abs(ways[0].z) < 0.9 ? Vector{0, 0, 1} : Vector{1, 0, 0};
  Vector across = unit(cross(aside, ways[0]));
  std::vector<std::vector<uint32_t>> rings;
  for (size_t i = 0; i < path.size(); ++i) {
    const Vector in = ways[i == 0 ? 0 : i - 1], out = ways[std::min(i, ways.size() - 1)];
    const Vector middle = unit(in + out);
    // The ring lies in the plane between both pieces and is stretched there, so that the tube keeps its width.
    across = unit(across - middle * dot(across, middle));
    const Vector up = cross(middle, across);
    const Vector bend = out - in;
    const double stretch = 1 / std::max(0.3, dot(middle, out));
    const Vector bend_way = length_of(bend) > 1e-9 ? unit(bend) : Vector{};
    std::vector<uint32_t> ring;
    for (uint32_t k = 0; k < sides; ++k) {
      const Around way = around(k, sides);
      const Vector normal = across * way.cosine + up * way.sine;
      const Vector offset = normal + bend_way * (dot(normal, bend_way) * (stretch - 1));
      ring.push_back(form.add(path[i] + offset * radius, normal));
    }
    rings.push_back(std::move(ring));
  }
  for (size_t i = 0; i + 1 < rings.size(); ++i) {
    for (uint32_t k = 0; k < sides; ++k) {
      const uint32_t next = (k + 1) % sides;
      form.triangle(rings[i][k], rings[i][next], rings[i + 1][next]);
      form.triangle(rings[i][k], rings[i + 1][next], rings[i + 1][k]);
    }
  }
  for (const bool is_end : {false, true}) {
    const std::vector<uint32_t>& ring = is_end ? rings.back() : rings.front();
    std::vector<uint32_t> flat;
    for (const uint32_t vertex : ring) {
      const Vector rim = form.positions[vertex];
      flat.push_back(form.add(rim, is_end ? ways.back() : ways.front() * -1));
    }
    for (uint32_t k = 1; k + 1 < sides; ++k) {
      is_end ? form.triangle(flat[0], flat[k], flat[k + 1]) : form.triangle(flat[0], flat[k + 1], flat[k]);
    }
  }
  return form;
}

}  // namespace cityloom::space
