"""Ratings in the shape of als-10m: ALS against cmfrec and Spark, and against the time that LIBMF needs for 20 epochs.

71,567 users x 10,681 items, 8.78 million half-star ratings, a tenth of them test. ALS minimises the same on both sides:
squared errors with the mean and both biases (Spark has neither), lambda times the number of ratings of a row (ALS-WR);
every system chooses its own regularisation on validation.
"""

import contextlib
import sys

import numpy as np
from scipy.sparse import coo_matrix

import experiments
import ratings
import rig

FACTORS, EPOCHS = 64, 20
TRIED = (1, 2, 3, 4, 5, 6, 8, 10, 15)  # iterations for the RMSE of 20 epochs
REGULARIZATIONS = [0.03, 0.04, 0.05, 0.08, 0.12]
LIBMF_REGULARIZATIONS = [0.01, 0.02, 0.03, 0.04, 0.05, 0.08]
SLACK = 5e-3  # relative difference of RMSE that other random starts leave after a few iterations


class World:
    """The folder, the two pairs of parts, and what every side chose."""

    def __init__(self, quick):
        self.users, self.items, draws = (7156, 10681, 878_000) if quick else (71_567, 10_681, 8_780_000)
        self.quick = quick
        self.folder = ratings.parts(f"als-{draws}", self.users, self.items, draws, test=0.1)

    def part(self, name):
        """Users, items, ratings."""
        return ratings.triples(self.folder / f"{name}.csv")

    def ours(self, regularization, iterations, *solver_and_precision, **options):
        """A run of the program."""
        return rig.reelbench(experiments.als(self.folder, regularization, iterations, *solver_and_precision, **options),
                             cache=rig.WORK / "cache")

    def our_regularization(self, biases="joint"):
        """Chosen on validation after five iterations."""
        return rig.chosen(self.folder, "als" if biases == "joint" else f"als {biases}", REGULARIZATIONS,
                          lambda value: self.ours(value, 5, biases=biases, choosing=True).metric("rmse", "test")[0])


def rmse(predicted, part):
    """Root mean squared error on a part."""
    return float(np.sqrt(np.mean((predicted - part[2].astype(np.float64)) ** 2)))


def cmfrec_fit(world, train, regularization, iterations, solver, precision):
    """(seconds, model): ALS as cmfrec does it, without what only its later use needs."""
    import cmfrec

    user, item, rating = train
    given = coo_matrix((rating, (user, item)), shape=(world.users, world.items))
    model = cmfrec.CMF(k=FACTORS, lambda_=regularization, scale_lam=True, use_cg=solver == "cg", finalize_chol=False,
                       niter=iterations, use_float=precision == "single", precompute_for_predictions=False,
                       produce_dicts=False, handle_interrupt=False, verbose=False, nthreads=rig.THREADS)
    return rig.timed(lambda: model.fit(given))


def against_cmfrec(world):
    """An iteration; the quality is the RMSE on test after the last."""
    fit, validation, train, test = (world.part(name) for name in ("fit", "validation", "train", "test"))
    last = 2 if world.quick else 4

    def loss(value):
        model = cmfrec_fit(world, fit, value, 5, "cg", "single")[1]
        return rmse(model.predict(*validation[:2]), validation)

    theirs = rig.chosen(world.folder, "cmfrec", REGULARIZATIONS, loss)
    regularization = world.our_regularization()
    for solver, precision, target in (("cholesky", "single", 10), ("cholesky", "double", None), ("cg", "single", None)):
        def ours(solver=solver, precision=precision):
            run = world.ours(regularization, last, solver, precision)
            return run.iteration(), run.metric("rmse", "test")[0]

        def peer(solver=solver, precision=precision):
            one, _ = cmfrec_fit(world, train, theirs, 1, solver, precision)
            all_s, model = cmfrec_fit(world, train, theirs, last, solver, precision)
            return (all_s - one) / (last - 1), rmse(model.predict(*test[:2]), test)

        identity = f"als-10m {solver} {precision}" + (" (878k)" if world.quick else "")
        with rig.attempt(identity, "cmfrec"):
            measured = rig.turns(ours, peer)
            rig.line(identity, "cmfrec", measured, (measured[3], measured[1]),
                     measured[1] <= measured[3] * (1 + SLACK), target)


class Spark:
    """Spark's ALS on two local threads: factors in single precision, normal equations in double; no mean, no biases."""

    def __init__(self, world):
        from pyspark.sql import SparkSession

        self.world = world
        self.session = (SparkSession.builder.master(f"local[{rig.THREADS}]").config("spark.driver.memory", "12g")
                        .config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", rig.THREADS)
                        .config("spark.ui.showConsoleProgress", "false").getOrCreate())
        self.session.sparkContext.setLogLevel("ERROR")
        self.parts = {}

    def part(self, name):
        """Ratings of a file, kept in memory."""
        if name not in self.parts:
            schema = "userId INT, movieId INT, rating FLOAT, timestamp LONG"
            frame = self.session.read.csv(str(self.world.folder / f"{name}.csv"), header=True, schema=schema)
            self.parts[name] = frame.repartition(rig.THREADS).cache()
            self.parts[name].count()
        return self.parts[name]

    def fit(self, name, regularization, iterations):
        """(seconds, model) of a part."""
        from pyspark.ml.recommendation import ALS

        model = ALS(rank=FACTORS, maxIter=iterations, regParam=regularization, numUserBlocks=rig.THREADS,
                    numItemBlocks=rig.THREADS, userCol="userId", itemCol="movieId", ratingCol="rating", seed=1)
        return rig.timed(lambda: model.fit(self.part(name)))

    def rmse(self, model, name):
        """On the pairs of a part that the model knows."""
        from pyspark.sql import functions

        known = model.transform(self.part(name)).where("not isnan(prediction)")
        return known.select(functions.expr("sqrt(avg(pow(prediction - rating, 2)))")).first()[0]


def against_spark(world):
    """An iteration of ALS-WR in double precision without biases; the quality is the RMSE on test after the last."""
    last = 4
    spark = Spark(world)
    theirs = rig.chosen(world.folder, "spark", REGULARIZATIONS,
                        lambda value: spark.rmse(spark.fit("fit", value, 5)[1], "validation"))
    regularization = world.our_regularization("none")
    spark.fit("train", theirs, last)  # the first fit of a virtual machine compiles

    def ours():
        run = world.ours(regularization, last, "cholesky", "double", biases="none")
        return run.iteration(), run.metric("rmse", "test")[0]

    def peer():
        one, _ = spark.fit("train", theirs, 1)
        all_s, model = spark.fit("train", theirs, last)
        return (all_s - one) / (last - 1), spark.rmse(model, "test")

    measured = rig.turns(ours, peer)
    rig.line("als-10m no biases" + (" (878k)" if world.quick else ""), "pyspark", measured, (measured[3], measured[1]),
             measured[1] <= measured[3] * (1 + SLACK), 7)
    spark.session.stop()


def libmf_fit(part, regularization, epochs=EPOCHS):
    """(seconds, prediction of pairs): epochs of SGD by LIBMF, as its package has it."""
    with contextlib.redirect_stdout(sys.stderr):  # it prints where it was found
        from libmf import mf

    model = mf.MF(k=FACTORS, nr_threads=rig.THREADS, nr_iters=epochs, lambda_p1=0, lambda_q1=0,
                  lambda_p2=regularization, lambda_q2=regularization, quiet=True)
    given = np.column_stack(part).astype(np.float32)
    seconds, _ = rig.timed(lambda: model.fit(given))
    users, items = model.p_factors(), model.q_factors()

    def predict(user, item):
        known = (user < len(users)) & (item < len(items))
        out = np.full(len(user), model.model.b, dtype=np.float64)
        out[known] = np.einsum("ij,ij->i", users[user[known]], items[item[known]], dtype=np.float64)
        return np.where(np.isnan(out), model.model.b, out)  # of a row without ratings

    return seconds, predict


def against_libmf(world):
    """The seconds of 20 epochs, against ours for as many iterations as reach the same RMSE on test."""
    fit, validation, train, test = (world.part(name) for name in ("fit", "validation", "train", "test"))
    theirs = rig.chosen(world.folder, "libmf", LIBMF_REGULARIZATIONS,
                        lambda value: rmse(libmf_fit(fit, value)[1](*validation[:2]), validation))
    regularization = world.our_regularization("none")

    def peer():
        seconds, predict = libmf_fit(train, theirs)
        return seconds, rmse(predict(*test[:2]), test)

    goal = peer()[1]
    reached = world.ours(regularization, list(TRIED), biases="none").metric("rmse", "test")
    iterations = next((n for n, value in zip(TRIED, reached) if value <= goal), TRIED[np.argmin(reached)])
    rig.note(f"als-10m: RMSE of LIBMF's {EPOCHS} epochs {goal:.4f}; ours is {min(reached):.4f} at best, and timed with "
             f"{iterations} iterations")

    def ours():
        run = world.ours(regularization, iterations, biases="none")
        return run.fit(), run.metric("rmse", "test")[0]

    measured = rig.turns(ours, peer)
    # LIBMF's threads race: its RMSE differs a little from run to run, so that ours is held against the first.
    rig.line("als-10m to RMSE" + (" (878k)" if world.quick else ""), "libmf", measured, (goal, measured[1]),
             measured[1] <= goal, 1)


def als_10m(quick):
    """All peers."""
    world = World(quick)
    with rig.attempt("als-10m", "libmf"):
        against_libmf(world)
    with rig.attempt("als-10m", "cmfrec"):
        against_cmfrec(world)
    with rig.attempt("als-10m", "pyspark"):
        against_spark(world)


WORKLOADS = {"als-10m": als_10m}
