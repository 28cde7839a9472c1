//! Several centres for each task among the vectors of labelled examples.

use interline_core::Error;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Task;

/// Rounds of moving centres to the middle of their vectors; they settle in far fewer.
const ROUNDS: usize = 25;

/// Several centres for each task, on the unit sphere.
#[derive(Clone, Debug, PartialEq)]
pub struct Centroids {
    dimensions: usize,
    centres: Vec<(Task, Vec<f32>)>,
}

impl Centroids {
    /// Up to `per_task` centres for each task that has a vector (k-means on the unit sphere).
    ///
    /// The same vectors and `seed` give the same centres.
    ///
    /// # Errors
    /// `InvalidRequest` where there are no vectors, `per_task` is 0, or a vector has another length than
    /// the first, is all zeros, or holds a number that is not finite.
    pub fn build(vectors: &[(Task, Vec<f32>)], per_task: usize, seed: u64) -> Result<Self, Error> {
        let refuse = |message: String| Err(Error::invalid_request(message));
        let Some((_, first)) = vectors.first() else {
            return refuse("there are no example vectors: embed some examples first".to_owned());
        };
        if per_task == 0 {
            return refuse("`per_task` is 0: a task needs a centroid".to_owned());
        }
        let dimensions = first.len();
        let mut units: Vec<(Task, Vec<f32>)> = Vec::with_capacity(vectors.len());
        for (place, (task, vector)) in vectors.iter().enumerate() {
            match unit(vector) {
                Some(unit) if unit.len() == dimensions => units.push((*task, unit)),
                Some(unit) => {
                    return refuse(format!(
                        "example vector {place} has {} numbers where the first has {dimensions}",
                        unit.len()
                    ));
                }
                None => return refuse(format!("example vector {place} has no direction")),
            }
        }
        let mut random = StdRng::seed_from_u64(seed);
        let mut centres = Vec::new();
        for task in Task::ALL {
            let of_task = units.iter().filter(|(of, _)| *of == task);
            let members: Vec<&[f32]> = of_task.map(|(_, unit)| unit.as_slice()).collect();
            let found = cluster(&members, per_task, &mut random);
            centres.extend(found.into_iter().map(|centre| (task, centre)));
        }
        Ok(Self {
            dimensions,
            centres,
        })
    }

    /// How many numbers a vector has.
    #[must_use]
    pub const fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// How near the nearest centre of each task is, as a cosine, in the order of [`Task::ALL`]; tasks
    /// without an example are left out. `None` where the vector does not fit.
    #[must_use]
    pub fn nearness(&self, vector: &[f32]) -> Option<Vec<(Task, f32)>> {
        let vector = unit(vector).filter(|unit| unit.len() == self.dimensions)?;
        let mut nearest: Vec<(Task, f32)> = Vec::new();
        for (task, centre) in &self.centres {
            let cosine = dot(centre, &vector);
            match nearest.last_mut() {
                Some((last, best)) if last == task => *best = best.max(cosine),
                _ => nearest.push((*task, cosine)),
            }
        }
        Some(nearest)
    }
}

/// The vector at length 1; `None` where it has no direction.
fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let length = dot(vector, vector).sqrt();
    let is_sound = length.is_finite() && length > 0.0;
    is_sound.then(|| vector.iter().map(|number| number / length).collect())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// k-means with cosines: centres start far from each other, then move to the middle of their members.
fn cluster(members: &[&[f32]], number: usize, random: &mut StdRng) -> Vec<Vec<f32>> {
    let mut centres = start(members, number, random);
    for _ in 0..ROUNDS {
        let mut sums: Vec<Vec<f32>> = centres.iter().map(|it| vec![0.0; it.len()]).collect();
        for member in members {
            if let Some(sum) = nearest(&centres, member).and_then(|place| sums.get_mut(place)) {
                for (total, number) in sum.iter_mut().zip(*member) {
                    *total += number;
                }
            }
        }
        let moved: Vec<Vec<f32>> = centres
            .iter()
            .zip(&sums)
            .map(|(before, sum)| unit(sum).unwrap_or_else(|| before.clone()))
            .collect();
        if moved == centres {
            break;
        }
        centres = moved;
    }
    centres
}

/// Members as first centres, each drawn the likelier the farther it is from those before it (k-means++).
fn start(members: &[&[f32]], number: usize, random: &mut StdRng) -> Vec<Vec<f32>> {
    let mut centres: Vec<Vec<f32>> = Vec::new();
    while centres.len() < number.min(members.len()) {
        let far = |member: &&[f32]| {
            let cosines = centres.iter().map(|centre| dot(centre, member));
            (1.0 - cosines.fold(-1.0, f32::max)).max(0.0)
        };
        let distances: Vec<f32> = members.iter().map(far).collect();
        let sum: f32 = distances.iter().sum();
        if sum <= 1e-6 {
            break;
        }
        let mut draw = random.random::<f32>() * sum;
        let drawn = distances.iter().position(|distance| {
            draw -= distance;
            draw < 0.0
        });
        let drawn = drawn.unwrap_or(members.len() - 1);
        centres.extend(members.get(drawn).map(|member| member.to_vec()));
    }
    centres
}

fn nearest(centres: &[Vec<f32>], member: &[f32]) -> Option<usize> {
    let cosines = centres.iter().map(|centre| dot(centre, member)).enumerate();
    cosines
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<(Task, Vec<f32>)> {
        let around = |task, x: f32, y: f32| {
            [
                (task, vec![x, y, 0.1]),
                (task, vec![x, y, -0.1]),
                (task, vec![x * 2.0, y * 2.0, 0.0]),
            ]
        };
        [
            around(Task::Math, 1.0, 0.0),
            around(Task::Math, -1.0, 0.0),
            around(Task::Chat, 0.0, 1.0),
        ]
        .concat()
    }

    fn best(centroids: &Centroids, vector: &[f32]) -> Option<Task> {
        let nearness = centroids.nearness(vector)?;
        nearness
            .into_iter()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(task, _)| task)
    }

    #[test]
    fn two_far_groups_of_one_task_keep_their_own_centres() {
        let centroids = Centroids::build(&examples(), 2, 7).expect("sound");
        for (vector, task) in [
            ([5.0, 0.5, 0.0], Task::Math),
            ([-5.0, 0.5, 0.0], Task::Math),
            ([0.5, 5.0, 0.0], Task::Chat),
        ] {
            assert_eq!(best(&centroids, &vector), Some(task));
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_centres() {
        let build = || Centroids::build(&examples(), 2, 3).expect("sound");
        assert_eq!(build(), build());
    }

    #[test]
    fn vectors_that_do_not_fit_are_refused() {
        let refused = |vectors: &[(Task, Vec<f32>)], per_task| {
            let error = Centroids::build(vectors, per_task, 1).expect_err("refused");
            error.message().to_owned()
        };
        assert!(refused(&[], 1).contains("no example vectors"));
        assert!(refused(&examples(), 0).contains("`per_task` is 0"));
        let mut uneven = examples();
        uneven.push((Task::Chat, vec![1.0]));
        assert!(refused(&uneven, 1).contains("example vector 9 has 1 numbers"));
        assert!(refused(&[(Task::Chat, vec![0.0])], 1).contains("no direction"));
        let centroids = Centroids::build(&examples(), 1, 1).expect("sound");
        assert_eq!(centroids.nearness(&[1.0]), None);
        assert_eq!(centroids.nearness(&[f32::NAN, 1.0, 1.0]), None);
    }
}
