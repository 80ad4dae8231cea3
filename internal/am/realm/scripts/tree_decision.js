/*
 * Decides where a journey goes on.
 *
 * What is here: nodeState (get, putShared, putTransient), sharedState, transientState,
 * callbacks, requestHeaders, requestParameters, existingSession, idRepository, logger.
 *
 * Set outcome to one of the outcomes of the node, or action to Action.send(callbacks).
 */
outcome = "true";
